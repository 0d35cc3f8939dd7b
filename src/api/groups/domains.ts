/** Domains, under v3 and v4, because clients mix the two. */
import { badRequest, parseDomain, rfc2822Date } from '#core';
import { type DnsRecord, type DomainDns, idleSettings, type NewDomain } from '#directory';
import type { Form } from '#http';
import { parseUrl } from '#intake';
import type { DomainChanges, DomainRecord } from '#store';
import type {
  ConnectionAnswer,
  ConnectionSetAnswer,
  DnsRecordJson,
  DomainAnswer,
  DomainJson,
  DomainListAnswer,
  MessageAnswer,
} from '../contract/domain-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { readPage } from '../present/paging.js';

/** Clients in Java parse `created_at` with a named zone only. */
function presentDomain(domain: DomainRecord): DomainJson {
  return {
    id: domain.publicId,
    name: domain.name,
    state: domain.state,
    type: domain.type,
    created_at: rfc2822Date(domain.createdAt, 'GMT'),
    smtp_login: `postmaster@${domain.name}`,
    spam_action: domain.spamAction,
    wildcard: domain.wildcard,
    require_tls: domain.requireTls,
    skip_verification: domain.skipVerification,
    is_disabled: domain.state === 'disabled',
    web_prefix: domain.webPrefix,
    web_scheme: domain.webScheme,
    tracking_host: `${domain.webPrefix}.${domain.name}`,
    use_automatic_sender_security: domain.automaticSenderSecurity,
    encrypt_incoming_message: domain.encryptIncoming,
    force_dkim_authority: domain.forceDkimAuthority,
    force_root_dkim_host: domain.forceRootDkimHost,
    dkim_host: domain.dkimHost || domain.name,
    mailfrom_host: domain.mailfromHost || domain.name,
    ...(domain.archiveTo === '' ? {} : { archive_to: domain.archiveTo }),
    message_ttl: domain.messageTtl,
  };
}

/** Both lists are always there, because clients index into them. */
function presentDomainWithDns(domain: DomainRecord, dns: DomainDns, message?: string): DomainAnswer {
  return {
    ...(message === undefined ? {} : { message }),
    domain: presentDomain(domain),
    // The Go client looks for it here.
    use_automatic_sender_security: domain.automaticSenderSecurity,
    receiving_dns_records: dns.receiving.map(presentDnsRecord),
    sending_dns_records: dns.sending.map(presentDnsRecord),
  };
}

function presentConnection({ requireTls, skipVerification }: DomainRecord): ConnectionAnswer {
  const connection = { require_tls: requireTls, skip_verification: skipVerification };
  return { ...connection, connection };
}

function presentDnsRecord(record: DnsRecord): DnsRecordJson {
  return {
    is_active: record.valid === 'valid',
    cached: record.cached,
    ...(record.lookupError === undefined ? {} : { lookup_error: record.lookupError }),
    ...(record.name === undefined ? {} : { name: record.name }),
    ...(record.priority === undefined ? {} : { priority: record.priority }),
    record_type: record.recordType,
    valid: record.valid,
    value: record.value,
  };
}

/** Parameters that count only when a domain is made. Later, `/ips` changes where its mail leaves from. */
const OF_CREATION = ['ips', 'pool_id'];

/** The text of a parameter; `''` when it was given without a value. */
const readText = (form: Form, name: string): string | undefined => form.text(name) ?? (form.isEmpty(name) ? '' : undefined);

function readArchive(form: Form): string | undefined {
  const text = readText(form, 'archive_to');
  if (!text) return text;
  const url = parseUrl(text);
  if (url === undefined) throw badRequest("'archive_to' must be an http or https URL");
  return url;
}

/** What both creation and update take. */
function readSettings(form: Form): DomainChanges {
  const settings = {
    requireTls: form.flag('require_tls'),
    skipVerification: form.flag('skip_verification'),
    webScheme: form.choice('web_scheme', ['http', 'https']),
    webPrefix: form.text('web_prefix'),
    messageTtl: form.integer('message_ttl', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    spamAction: form.choice('spam_action', ['disabled', 'tag', 'block']),
    wildcard: form.flag('wildcard'),
    forceDkimAuthority: form.flag('force_dkim_authority'),
    forceRootDkimHost: form.flag('force_root_dkim_host'),
    automaticSenderSecurity: form.flag('use_automatic_sender_security'),
    encryptIncoming: form.flag('encrypt_incoming_message'),
    dkimHost: readText(form, 'dkim_host_name'),
    mailfromHost: readText(form, 'mailfrom_host'),
    archiveTo: readArchive(form),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function readNewDomain(form: Form): NewDomain {
  const name = form.text('name');
  if (name === undefined) throw badRequest("Parameter 'name' is missing");
  const bits = form.choice('dkim_key_size', ['1024', '2048', '4096']);
  return {
    name,
    smtpPassword: form.text('smtp_password'),
    dkimKeySize: bits === undefined ? undefined : (Number(bits) as NewDomain['dkimKeySize']),
    dkimSelector: form.text('dkim_selector'),
    addresses: form.texts('ips').flatMap((list) =>
      list
        .split(',')
        .map((ip) => ip.trim())
        .filter((ip) => ip !== ''),
    ),
    pool: form.text('pool_id'),
    ...readSettings(form),
  };
}

/** Tells the log of settings without effect. Gives the domain. */
function noteIdle(domain: DomainRecord, services: Services): DomainRecord {
  services.noteIdle(domain.account, domain.name, idleSettings(domain));
  return domain;
}

async function create({ account, form }: ApiRequest, services: Services): Promise<DomainAnswer> {
  const { directory } = services;
  const domain = noteIdle(await directory.domains.create(account, readNewDomain(form)), services);
  return presentDomainWithDns(domain, await directory.domains.dns(domain), 'Domain DNS records have been created');
}

function readAuthority(form: Form): string | undefined {
  const authority = form.text('authority');
  return authority && (parseDomain(authority) ?? authority);
}

async function list({ account, form }: ApiRequest, { directory }: Services): Promise<DomainListAnswer> {
  const { items, total } = await directory.domains.list(account, {
    ...readPage(form),
    state: form.choice('state', ['active', 'unverified', 'disabled']),
    search: form.text('search'),
    // Each domain is its own authority; with `state` Mailgun looks at that alone.
    name: form.text('state') === undefined ? readAuthority(form) : undefined,
    sort:
      form.choice('sort', ['name', 'name:asc', 'name:desc']) === undefined
        ? 'created'
        : form.text('sort') === 'name:desc'
          ? 'name:desc'
          : 'name:asc',
  });
  return { total_count: total, items: items.map(presentDomain) };
}

/** `h:extended` asks for fields that are always there. */
async function get(request: ApiRequest<'domain'>, { directory }: Services): Promise<DomainAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  const withDns = request.form.flag('h:with_dns') ?? true;
  return presentDomainWithDns(domain, withDns ? await directory.domains.dns(domain) : { sending: [], receiving: [] });
}

async function verify(request: ApiRequest<'domain'>, { directory }: Services): Promise<DomainAnswer> {
  const { domain, dns } = await directory.domains.verify(request.account, request.params.domain);
  return presentDomainWithDns(domain, dns, 'Domain DNS records have been updated');
}

/** `smtp_password` is for the login postmaster, which is made here when the domain has none. */
async function update(request: ApiRequest<'domain'>, services: Services): Promise<DomainAnswer> {
  const { account, form } = request;
  const { directory } = services;
  const { name } = await directory.domains.get(account, request.params.domain);
  const late = OF_CREATION.find((parameter) => form.text(parameter) !== undefined);
  if (late !== undefined) throw badRequest(`'${late}' belongs to the creation of a domain; change it by /v3/domains/${name}/ips`);
  const settings = readSettings(form);
  const password = form.text('smtp_password');
  if (password !== undefined) await directory.credentials.setPassword(account, name, 'postmaster', password);
  const domain = noteIdle(await directory.domains.update(account, name, settings), services);
  return presentDomainWithDns(domain, await directory.domains.dns(domain), 'Domain has been updated');
}

async function getConnection(request: ApiRequest<'domain'>, { directory }: Services): Promise<ConnectionAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  return presentConnection(domain);
}

/** The text about 10 minutes is Mailgun's; here the change takes effect at once. */
async function setConnection(request: ApiRequest<'domain'>, { directory }: Services): Promise<ConnectionSetAnswer> {
  const { requireTls, skipVerification } = readSettings(request.form);
  const domain = await directory.domains.update(request.account, request.params.domain, { requireTls, skipVerification });
  return {
    message: 'Domain connection settings have been updated, may take 10 minutes to fully propagate',
    ...presentConnection(domain),
    'require-tls': domain.requireTls,
    'skip-verification': domain.skipVerification,
  };
}

async function setWebPrefix(request: ApiRequest<'domain'>, services: Services): Promise<MessageAnswer> {
  const { directory } = services;
  const { name } = await directory.domains.get(request.account, request.params.domain);
  const webPrefix = request.form.text('web_prefix');
  if (webPrefix === undefined) throw badRequest("Parameter 'web_prefix' is missing");
  noteIdle(await directory.domains.update(request.account, name, { webPrefix }), services);
  return { message: 'Domain web prefix updated' };
}

/** Ruby clients compare this text. */
async function remove(request: ApiRequest<'domain'>, { directory }: Services): Promise<MessageAnswer> {
  await directory.domains.remove(request.account, request.params.domain);
  return { message: 'Domain has been deleted' };
}

const ofBothVersions = (['v3', 'v4'] as const).flatMap((version) => [
  defineEndpoint(`GET /${version}/domains`, 'read', 'Get domains', list),
  defineEndpoint(`POST /${version}/domains`, 'write', 'Create a domain', create),
  defineEndpoint(`GET /${version}/domains/:domain`, 'read', 'Get domain details', get),
  defineEndpoint(`PUT /${version}/domains/:domain`, 'write', 'Update a domain', update),
  defineEndpoint(`PUT /${version}/domains/:domain/verify`, 'write', 'Verify a domain', verify),
  defineEndpoint(`DELETE /${version}/domains/:domain`, 'write', 'Delete a domain', remove),
]);

export const domainEndpoints: EndpointDefinition[] = [
  ...ofBothVersions,
  defineEndpoint('GET /v3/domains/:domain/connection', 'read', 'Get connection settings of a domain', getConnection),
  defineEndpoint('PUT /v3/domains/:domain/connection', 'write', 'Update connection settings of a domain', setConnection),
  defineEndpoint('PUT /v3/domains/:domain/web_prefix', 'write', 'Update the web prefix of a domain', setWebPrefix),
];
