/** SMTP credentials of a domain, under the three names that clients call them by. */
import { badRequest, randomPassword, rfc2822Date } from '#core';
import { type Form, notSupported } from '#http';
import type { CredentialRecord } from '#store';
import type { CredentialJson, CredentialListAnswer, CredentialsChangedAnswer } from '../contract/credential-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { readPage } from '../present/paging.js';

const presentCredential = (credential: CredentialRecord): CredentialJson => ({
  created_at: rfc2822Date(credential.createdAt, '+0000'),
  login: credential.login,
  mailbox: credential.login,
  size_bytes: null,
});

/** Passwords are shown when this server made them, and only this once. */
function withPasswords(message: string, pairs: { login: string; password: string | undefined }[]): CredentialsChangedAnswer {
  const generated = pairs.filter((pair) => pair.password !== undefined).map((pair) => [pair.login, pair.password] as const);
  if (generated.length === 0) return { message };
  return {
    message,
    note: "Please store your new password(s) now. You won't be able to see it anymore.",
    credentials: Object.fromEntries(generated) as Record<string, string>,
  };
}

/** Several logins may be given, each with its password or all without. */
function readLogins(form: Form): { login: string; password?: string }[] {
  const logins = [...form.texts('login'), ...form.texts('mailbox')];
  const passwords = form.texts('password');
  if (logins.length === 0) throw badRequest("Parameter 'login' is missing");
  if (passwords.length > 0 && passwords.length !== logins.length) throw badRequest("Give one 'password' for each 'login', or none");
  if (form.flag('system')) throw notSupported('system');
  return logins.map((login, index) => ({ login, password: passwords[index] }));
}

async function list(request: ApiRequest<'domain'>, { directory }: Services): Promise<CredentialListAnswer> {
  const { limit, skip } = readPage(request.form);
  const { items, total } = await directory.credentials.list(request.account, request.params.domain, limit, skip);
  return { total_count: total, items: items.map(presentCredential) };
}

async function create(request: ApiRequest<'domain'>, { directory }: Services): Promise<CredentialsChangedAnswer> {
  const made: { login: string; password: string | undefined }[] = [];
  for (const { login, password } of readLogins(request.form)) {
    const created = await directory.credentials.create(request.account, request.params.domain, login, password);
    made.push({ login: created.credential.login, password: created.password });
  }
  return withPasswords(`Created ${made.length} credentials pair(s)`, made);
}

async function changePassword(request: ApiRequest<'domain' | 'login'>, { directory }: Services): Promise<CredentialsChangedAnswer> {
  const given = request.form.text('password');
  const password = given ?? randomPassword();
  const [domain, login] = [request.params.domain, request.params.login];
  await directory.credentials.changePassword(request.account, domain, login, password);
  const full = login.includes('@') ? login : `${login}@${domain}`;
  return withPasswords('Password changed', [{ login: full, password: given === undefined ? password : undefined }]);
}

async function remove(request: ApiRequest<'domain' | 'login'>, { directory }: Services) {
  const spec = await directory.credentials.remove(request.account, request.params.domain, request.params.login);
  return { message: 'Credentials have been deleted', spec };
}

async function removeAll(request: ApiRequest<'domain'>, { directory }: Services) {
  const count = await directory.credentials.removeAll(request.account, request.params.domain);
  return { message: 'All domain credentials have been deleted', count };
}

const BASES = ['/v3/domains/:domain/credentials', '/v3/:domain/credentials', '/v3/:domain/mailboxes'] as const;

export const credentialEndpoints: EndpointDefinition[] = BASES.flatMap((base) => [
  defineEndpoint(`GET ${base}`, 'read', 'List the SMTP credentials of a domain', list),
  defineEndpoint(`POST ${base}`, 'write', 'Create SMTP credentials', create),
  defineEndpoint(`PUT ${base}/:login`, 'write', 'Change the password of SMTP credentials', changePassword),
  defineEndpoint(`DELETE ${base}/:login`, 'write', 'Delete SMTP credentials', remove),
  defineEndpoint(`DELETE ${base}`, 'write', 'Delete all SMTP credentials of a domain', removeAll),
]);
