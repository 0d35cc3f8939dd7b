/** DirectoryStore over the store threads: look-ups and writes go to the writer, pages to the reader. */
import type { DirectoryStore } from '../directory-store.js';
import type { ReaderCalls } from './reader-thread.js';
import type { StoreThread } from './store-thread.js';
import type { WriterCalls } from './writer-thread.js';

export function makeDirectoryStore(writer: StoreThread<WriterCalls>, reader: StoreThread<ReaderCalls>): DirectoryStore {
  return {
    createAccount: (account) => writer.call('createAccount', account),
    account: (id) => writer.call('account', id),
    countAccounts: () => writer.call('countAccounts'),
    createDomain: (domain, dkimKey, credential) => writer.call('createDomain', domain, dkimKey, credential),
    domainByName: (name) => writer.call('domainByName', name),
    listDomains: (account, filter) => reader.call('listDomains', account, filter),
    setDomainState: (account, id, state) => writer.call('setDomainState', account, id, state),
    updateDomain: (account, id, changes) => writer.call('updateDomain', account, id, changes),
    deleteDomain: (account, id) => writer.call('deleteDomain', account, id),
    dkimKeys: (account, domain) => writer.call('dkimKeys', account, domain),
    listDkimKeys: (account, filter) => reader.call('listDkimKeys', account, filter),
    createDkimKey: (key) => writer.call('createDkimKey', key),
    setDkimKeyActive: (account, id, active) => writer.call('setDkimKeyActive', account, id, active),
    deleteDkimKey: (account, id) => writer.call('deleteDkimKey', account, id),
    createCredential: (credential) => writer.call('createCredential', credential),
    credentialByLogin: (login) => writer.call('credentialByLogin', login),
    listCredentials: (account, domain, limit, skip) => reader.call('listCredentials', account, domain, limit, skip),
    setCredentialPassword: (account, login, passwordHash) => writer.call('setCredentialPassword', account, login, passwordHash),
    deleteCredential: (account, login) => writer.call('deleteCredential', account, login),
    deleteCredentials: (account, domain) => writer.call('deleteCredentials', account, domain),
    createKey: (key) => writer.call('createKey', key),
    keyById: (id) => writer.call('keyById', id),
    listKeys: (account, filter) => reader.call('listKeys', account, filter),
    deleteKey: (account, id) => writer.call('deleteKey', account, id),
    saveStsPolicy: (policy) => writer.call('saveStsPolicy', policy),
    stsPolicies: () => reader.call('stsPolicies'),
    createTemplate: (template, version, limit) => writer.call('createTemplate', template, version, limit),
    template: (account, domain, name) => writer.call('template', account, domain, name),
    listTemplates: (account, domain, page) => reader.call('listTemplates', account, domain, page),
    updateTemplate: (account, id, description) => writer.call('updateTemplate', account, id, description),
    deleteTemplate: (account, id) => writer.call('deleteTemplate', account, id),
    deleteTemplates: (account, domain) => writer.call('deleteTemplates', account, domain),
    templateVersion: (account, template, tag) => writer.call('templateVersion', account, template, tag),
    listTemplateVersions: (account, template, page) => reader.call('listTemplateVersions', account, template, page),
    createTemplateVersion: (version, limit) => writer.call('createTemplateVersion', version, limit),
    putTemplateVersion: (version, limit) => writer.call('putTemplateVersion', version, limit),
    updateTemplateVersion: (account, template, tag, changes) => writer.call('updateTemplateVersion', account, template, tag, changes),
    deleteTemplateVersion: (account, template, tag) => writer.call('deleteTemplateVersion', account, template, tag),
  };
}
