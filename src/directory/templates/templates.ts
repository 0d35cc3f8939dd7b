/**
 * Templates of a domain. Every version that is stored can be compiled; what is sent with a template is compiled once and remembered for a minute.
 * Names are lower-case, tags are found whatever their case.
 */
import { randomUUID } from 'node:crypto';
import { badRequest, type Clock, cleanText, MINUTE, notFound, type Refusal, StoreError } from '#core';
import { compileTemplate, type Template } from '#mail';
import type {
  DirectoryStore,
  DomainRecord,
  NamePage,
  TemplateRecord,
  TemplateStore,
  TemplateVersionRecord,
  TemplateVersionSummary,
} from '#store';
import { makeRemembered } from '../cache/remembered.js';
import type { DomainFinder } from '../domains/domain-finder.js';
import {
  checkEngine,
  checkHeaders,
  checkNote,
  checkSource,
  checkTag,
  checkTemplateName,
  FIRST_TAG,
  MAX_TEMPLATES,
  MAX_VERSIONS,
} from './template-rules.js';

export interface NewTemplateVersion {
  /** Handlebars. */
  source: string;
  tag?: string;
  engine?: string;
  comment?: string;
  /** Values by field name; they are checked here. */
  headers?: Record<string, unknown>;
  active?: boolean;
}

interface NewTemplate {
  name: string;
  description?: string;
  createdBy?: string;
  /** Its tag is `initial` unless given. */
  version?: NewTemplateVersion;
}

type TemplateVersionUpdate = Partial<Pick<NewTemplateVersion, 'source' | 'comment' | 'headers' | 'active'>>;

/** A version compiled for sending. */
export interface ReadyTemplate {
  name: string;
  tag: string;
  source: string;
  html: Template;
  headers: { name: string; source: string; template: Template }[];
}

type TemplateWithVersion = { template: TemplateRecord; version: TemplateVersionRecord };

/** `domain` is a domain's name. Refusal 404 when the account has no such domain, template or version; 400 for what may not be stored. */
export interface Templates {
  /** Refusal 404 `domain not found`. */
  domain(account: number, name: string): Promise<DomainRecord>;
  create(account: number, domain: string, wanted: NewTemplate): Promise<{ template: TemplateRecord; version?: TemplateVersionRecord }>;
  list(account: number, domain: string, page: NamePage): Promise<TemplateRecord[]>;
  get(account: number, domain: string, name: string): Promise<TemplateRecord>;
  /** Gives no version when the template has no active one. */
  active(account: number, domain: string, name: string): Promise<{ template: TemplateRecord; version?: TemplateVersionRecord }>;
  update(account: number, domain: string, name: string, description: string): Promise<TemplateRecord>;
  remove(account: number, domain: string, name: string): Promise<TemplateRecord>;
  removeAll(account: number, domain: string): Promise<number>;

  versions(
    account: number,
    domain: string,
    name: string,
    page: NamePage,
  ): Promise<{ template: TemplateRecord; versions: TemplateVersionSummary[] }>;
  version(account: number, domain: string, name: string, tag: string): Promise<TemplateWithVersion>;
  createVersion(account: number, domain: string, name: string, wanted: NewTemplateVersion & { tag: string }): Promise<TemplateWithVersion>;
  /** The active version stays so until another one becomes it. */
  updateVersion(account: number, domain: string, name: string, tag: string, changes: TemplateVersionUpdate): Promise<TemplateWithVersion>;
  /** Overwrites a version that is called `to` already. */
  copyVersion(account: number, domain: string, name: string, tag: string, to: string, comment?: string): Promise<TemplateWithVersion>;
  /** When it was the active one, the template has none until another becomes it. */
  removeVersion(account: number, domain: string, name: string, tag: string): Promise<TemplateWithVersion>;

  /** The active version unless a tag is given. Refusal 400 that names the template, because a message asked for it. */
  ready(domain: DomainRecord, name: string, tag?: string): Promise<ReadyTemplate>;
}

export function makeTemplates(deps: {
  store: TemplateStore & Pick<DirectoryStore, 'changes'>;
  clock: Clock;
  domains: Pick<DomainFinder, 'find'>;
}): Templates {
  const { store, clock } = deps;
  const ready = makeReady({ store, clock });

  /** Mailgun answers for templates with a text of its own when the account does not have the domain. */
  async function domainOf(account: number, name: string): Promise<DomainRecord> {
    const domain = await deps.domains.find(name);
    if (domain?.account !== account) throw notFound('domain not found');
    return domain;
  }

  async function find(account: number, domain: string, name: string): Promise<TemplateRecord> {
    const { id } = await domainOf(account, domain);
    const template = await store.template(account, id, name.normalize('NFC').toLowerCase());
    if (template === undefined) throw notFound('template not found');
    return template;
  }

  async function findVersion(account: number, domain: string, name: string, tag: string): Promise<TemplateWithVersion> {
    const template = await find(account, domain, name);
    const version = await store.templateVersion(account, template.id, tag.normalize('NFC'));
    if (version === undefined) throw notFound('version not found');
    return { template, version };
  }

  /** Makes a change; `taken` is said when its name is. */
  async function changing<T>(change: () => Promise<T>, taken: string): Promise<T> {
    try {
      return await change();
    } catch (error) {
      throw error instanceof StoreError && error.kind === 'conflict' ? badRequest(taken) : error;
    }
  }

  const newVersion = (account: number, wanted: NewTemplateVersion, tag: string) => ({
    account,
    publicId: randomUUID(),
    tag: checkTag(tag),
    engine: checkEngine(wanted.engine),
    source: checkSource(wanted.source),
    headers: checkHeaders(wanted.headers ?? {}),
    comment: checkNote('comment', wanted.comment ?? ''),
    active: wanted.active ?? false,
    createdAt: clock.now(),
  });

  return {
    domain: domainOf,
    ready,
    get: find,
    version: findVersion,

    async create(account, domainName, wanted) {
      const domain = await domainOf(account, domainName);
      const name = checkTemplateName(wanted.name);
      const description = checkNote('description', wanted.description ?? '');
      const createdBy = checkNote('createdBy', wanted.createdBy ?? '');
      const record = { account, domain: domain.id, publicId: randomUUID(), name, description, createdBy, createdAt: clock.now() };
      const version = wanted.version && newVersion(account, wanted.version, wanted.version.tag ?? FIRST_TAG);
      const template = await changing(() => store.createTemplate(record, version, MAX_TEMPLATES), `template '${name}' already exists`);
      if (template === undefined) throw badRequest(`A domain may have at most ${MAX_TEMPLATES} templates`);
      const stored = version && (await store.templateVersion(account, template.id));
      return stored === undefined ? { template } : { template, version: stored };
    },

    async list(account, domain, page) {
      return store.listTemplates(account, (await domainOf(account, domain)).id, page);
    },

    async active(account, domain, name) {
      const template = await find(account, domain, name);
      const version = await store.templateVersion(account, template.id);
      return version === undefined ? { template } : { template, version };
    },

    async update(account, domain, name, description) {
      const template = await find(account, domain, name);
      if (!(await store.updateTemplate(account, template.id, checkNote('description', description)))) throw notFound('template not found');
      return { ...template, description };
    },

    async remove(account, domain, name) {
      const template = await find(account, domain, name);
      if (!(await changing(() => store.deleteTemplate(account, template.id), ''))) throw notFound('template not found');
      return template;
    },

    async removeAll(account, domain) {
      const { id } = await domainOf(account, domain);
      return changing(() => store.deleteTemplates(account, id), '');
    },

    async versions(account, domain, name, page) {
      const template = await find(account, domain, name);
      return { template, versions: await store.listTemplateVersions(account, template.id, page) };
    },

    async createVersion(account, domain, name, wanted) {
      const template = await find(account, domain, name);
      const record = { ...newVersion(account, wanted, wanted.tag), template: template.id };
      const taken = `version '${cleanText(record.tag)}' already exists`;
      const version = await changing(() => store.createTemplateVersion(record, MAX_VERSIONS), taken);
      if (version === undefined) throw tooManyVersions();
      return { template, version };
    },

    async updateVersion(account, domain, name, tag, changes) {
      const { template, version } = await findVersion(account, domain, name, tag);
      if (changes.active === false && version.active) {
        throw badRequest("The active version cannot be made inactive: make another version active instead ('active=yes')");
      }
      const { source, headers, comment, active } = changes;
      const checked = {
        ...(source === undefined ? {} : { source: checkSource(source) }),
        ...(headers === undefined ? {} : { headers: checkHeaders(headers) }),
        ...(comment === undefined ? {} : { comment: checkNote('comment', comment) }),
        ...(active === undefined ? {} : { active }),
      };
      if (!(await changing(() => store.updateTemplateVersion(account, template.id, version.tag, checked), ''))) {
        throw notFound('version not found');
      }
      return { template, version: { ...version, ...checked } };
    },

    async copyVersion(account, domain, name, tag, to, comment) {
      const { template, version: from } = await findVersion(account, domain, name, tag);
      const { id: _id, ...fields } = from;
      const copy = {
        ...fields,
        publicId: randomUUID(),
        tag: checkTag(to),
        comment: checkNote('comment', comment ?? from.comment),
        active: false,
        createdAt: clock.now(),
      };
      const version = await changing(() => store.putTemplateVersion(copy, MAX_VERSIONS), '');
      if (version === undefined) throw tooManyVersions();
      return { template, version };
    },

    async removeVersion(account, domain, name, tag) {
      const found = await findVersion(account, domain, name, tag);
      if (!(await changing(() => store.deleteTemplateVersion(account, found.template.id, found.version.tag), ''))) {
        throw notFound('version not found');
      }
      return found;
    },
  };
}

const tooManyVersions = (): Refusal => badRequest(`A template may have at most ${MAX_VERSIONS} versions`);

/** Compiles what messages are sent with, and remembers it. */
function makeReady({ store, clock }: { store: TemplateStore & Pick<DirectoryStore, 'changes'>; clock: Clock }): Templates['ready'] {
  const compiled = makeRemembered<ReadyTemplate>({
    ...{ clock, changes: store.changes, forgetOn: { template: 'all' }, maxEntries: 200, lifetimeMs: MINUTE },
  });

  async function read(domain: DomainRecord, name: string, tag?: string): Promise<ReadyTemplate> {
    const shown = cleanText(name).slice(0, 100);
    const template = await store.template(domain.account, domain.id, name.normalize('NFC').trim().toLowerCase());
    if (template === undefined) throw badRequest(`template '${shown}' not found`);
    const version = await store.templateVersion(domain.account, template.id, tag?.normalize('NFC').trim());
    if (version === undefined && tag === undefined) throw badRequest(`template '${shown}' has no active version`);
    if (version === undefined) throw badRequest(`version '${cleanText(tag ?? '').slice(0, 100)}' of template '${shown}' not found`);
    return compile(template, version);
  }

  return (domain, name, tag) => compiled.get(JSON.stringify([domain.id, name, tag]), () => read(domain, name, tag));
}

const compile = ({ name }: TemplateRecord, { tag, source, headers }: TemplateVersionRecord): ReadyTemplate => ({
  name,
  tag,
  source,
  html: compileTemplate(source),
  headers: Object.entries(headers).map(([field, text]) => ({ name: field, source: text, template: compileTemplate(text, 'text') })),
});
