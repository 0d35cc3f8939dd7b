/** Domains, at v3 and v4 alike: clients mix the two. */
import { badRequest, parseDomain } from '#core';
import { idleSettings, type NewDomain } from '#directory';
import type { Form } from '#http';
import { parseUrl } from '#intake';
import type { DomainChanges, DomainRecord } from '#store';
import type { ConnectionAnswer, ConnectionSetAnswer, DomainAnswer, DomainListAnswer, MessageAnswer } from '../contract/domain-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { presentConnection, presentDomain, presentDomainWithDns } from '../present/domain.js';
import { readPage } from '../present/offset-page.js';

/** Parameters that only work when a domain is made; where its mail leaves from is changed by `/ips`. */
const OF_CREATION = ['ips', 'pool_id'];

/** A text, or `''` where it is given without one. */
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

/** What was just made or changed, as it is now. */
function noteIdle(domain: DomainRecord, services: Services): DomainRecord {
  services.noteIdle(domain.account, domain.name, idleSettings(domain));
  return domain;
}

async function create({ account, form }: Call, services: Services): Promise<DomainAnswer> {
  const { directory } = services;
  const domain = noteIdle(await directory.domains.create(account, readNewDomain(form)), services);
  return presentDomainWithDns(domain, await directory.domains.dns(domain), 'Domain DNS records have been created');
}

function readAuthority(form: Form): string | undefined {
  const authority = form.text('authority');
  return authority && (parseDomain(authority) ?? authority);
}

async function list({ account, form }: Call, { directory }: Services): Promise<DomainListAnswer> {
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
async function get(call: Call, { directory }: Services): Promise<DomainAnswer> {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  const withDns = call.form.flag('h:with_dns') ?? true;
  return presentDomainWithDns(domain, withDns ? await directory.domains.dns(domain) : { sending: [], receiving: [] });
}

async function verify(call: Call, { directory }: Services): Promise<DomainAnswer> {
  const { domain, dns } = await directory.domains.verify(call.account, pathParameter(call, 'domain'));
  return presentDomainWithDns(domain, dns, 'Domain DNS records have been updated');
}

/** The password is that of postmaster, the login which comes with a domain or is made by this. */
async function update(call: Call, services: Services): Promise<DomainAnswer> {
  const { account, form } = call;
  const { directory } = services;
  const { name } = await directory.domains.get(account, pathParameter(call, 'domain'));
  const late = OF_CREATION.find((parameter) => form.text(parameter) !== undefined);
  if (late !== undefined) throw badRequest(`'${late}' belongs to the creation of a domain; change it by /v3/domains/${name}/ips`);
  const settings = readSettings(form);
  const password = form.text('smtp_password');
  if (password !== undefined) await directory.credentials.setPassword(account, name, 'postmaster', password);
  const domain = noteIdle(await directory.domains.update(account, name, settings), services);
  return presentDomainWithDns(domain, await directory.domains.dns(domain), 'Domain has been updated');
}

async function getConnection(call: Call, { directory }: Services): Promise<ConnectionAnswer> {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  return presentConnection(domain);
}

/** The words are Mailgun's; here it takes effect at once. */
async function setConnection(call: Call, { directory }: Services): Promise<ConnectionSetAnswer> {
  const { requireTls, skipVerification } = readSettings(call.form);
  const domain = await directory.domains.update(call.account, pathParameter(call, 'domain'), { requireTls, skipVerification });
  return {
    message: 'Domain connection settings have been updated, may take 10 minutes to fully propagate',
    ...presentConnection(domain),
    'require-tls': domain.requireTls,
    'skip-verification': domain.skipVerification,
  };
}

async function setWebPrefix(call: Call, services: Services): Promise<MessageAnswer> {
  const { directory } = services;
  const { name } = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  const webPrefix = call.form.text('web_prefix');
  if (webPrefix === undefined) throw badRequest("Parameter 'web_prefix' is missing");
  noteIdle(await directory.domains.update(call.account, name, { webPrefix }), services);
  return { message: 'Domain web prefix updated' };
}

/** Ruby clients compare this text. */
async function remove(call: Call, { directory }: Services): Promise<MessageAnswer> {
  await directory.domains.remove(call.account, pathParameter(call, 'domain'));
  return { message: 'Domain has been deleted' };
}

const ofBothVersions = (['v3', 'v4'] as const).flatMap((version) => [
  defineEndpoint(`GET /${version}/domains`, 'Domains', 'read', 'Get domains', list),
  defineEndpoint(`POST /${version}/domains`, 'Domains', 'write', 'Create a domain', create),
  defineEndpoint(`GET /${version}/domains/:domain`, 'Domains', 'read', 'Get domain details', get),
  defineEndpoint(`PUT /${version}/domains/:domain`, 'Domains', 'write', 'Update a domain', update),
  defineEndpoint(`PUT /${version}/domains/:domain/verify`, 'Domains', 'write', 'Verify a domain', verify),
  defineEndpoint(`DELETE /${version}/domains/:domain`, 'Domains', 'write', 'Delete a domain', remove),
]);

export const domainEndpoints: Endpoint[] = [
  ...ofBothVersions,
  defineEndpoint('GET /v3/domains/:domain/connection', 'Domains', 'read', 'Get connection settings of a domain', getConnection),
  defineEndpoint('PUT /v3/domains/:domain/connection', 'Domains', 'write', 'Update connection settings of a domain', setConnection),
  defineEndpoint('PUT /v3/domains/:domain/web_prefix', 'Domains', 'write', 'Update the web prefix of a domain', setWebPrefix),
];
