/** Domain keys: what mail is signed with. */
import { badRequest } from '#core';
import type { Form } from '#http';
import { dkimRecordValue } from '#mail';
import type { DkimKeyFilter, DkimKeyRecord } from '#store';
import type { DkimKeyChangedAnswer, DkimKeyJson, DkimKeyListAnswer, DkimKeyPageAnswer } from '../contract/dkim-key-answers.js';
import type { MessageAnswer } from '../contract/domain-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';

/** `is_active`: the key signs, and its signatures can be verified. */
function presentDkimKey(key: DkimKeyRecord, domain: string): DkimKeyJson {
  const value = dkimRecordValue(key.publicKey, key.kind);
  return {
    signing_domain: domain,
    selector: key.selector,
    dns_record: {
      is_active: key.active && key.published,
      cached: [],
      name: `${key.selector}._domainkey.${domain}`,
      record_type: 'TXT',
      valid: key.published ? 'valid' : 'unknown',
      value,
    },
  };
}

const PEM_LIMIT = 16_384;

function required(form: Form, name: string): string {
  const value = form.text(name);
  if (value === undefined) throw badRequest(`Parameter '${name}' is missing`);
  return value;
}

/** The PEM comes as a file or as text. */
async function readPem(form: Form): Promise<string | undefined> {
  const [file] = form.files('pem');
  if (file === undefined) return form.text('pem');
  const chunks: Uint8Array[] = [];
  if (file.size > PEM_LIMIT) throw badRequest("'pem' is too large");
  for await (const chunk of file.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** `kind` is ours: Mailgun makes RSA keys only. */
async function create({ account, form }: ApiRequest, { directory }: Services): Promise<DkimKeyJson> {
  const bits = form.choice('bits', ['1024', '2048', '4096']);
  const key = await directory.dkimKeys.create(account, {
    domainName: required(form, 'signing_domain'),
    selector: required(form, 'selector'),
    kind: form.choice('kind', ['rsa', 'ed25519'] as const),
    bits: bits === undefined ? undefined : Number(bits),
    pem: await readPem(form),
  });
  return presentDkimKey(key, key.domainName);
}

/** A page starts after (`a7`) or before (`b7`) the key of that number; `last` is the end of the list. Any other word is the first page, as on Mailgun. */
function readPage(form: Form): Pick<DkimKeyFilter, 'after' | 'before'> {
  const page = form.text('page') ?? '';
  if (page === 'last') return { before: Number.MAX_SAFE_INTEGER };
  const [, side, id] = /^([ab])(\d{1,15})$/.exec(page) ?? [];
  if (id === undefined) return {};
  return side === 'a' ? { after: Number(id) } : { before: Number(id) };
}

async function list({ account, form, baseUrl }: ApiRequest, { directory }: Services): Promise<DkimKeyPageAnswer> {
  const limit = form.pageSize({ usual: 10, max: 100 });
  const [domainName, selector] = [form.text('signing_domain'), form.text('selector')];
  const place = readPage(form);
  const keys = await directory.dkimKeys.list(account, { ...place, domainName, selector, limit });
  const url = (page?: string) => {
    const given = { page, limit: String(limit), signing_domain: domainName, selector };
    const query = new URLSearchParams(
      Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]])),
    );
    return `${baseUrl}/v1/dkim/keys?${query}`;
  };
  return {
    items: keys.map((key) => presentDkimKey(key, key.domainName)),
    paging: {
      first: url(),
      last: url('last'),
      next: url(`a${keys.at(-1)?.id ?? place.after ?? Number.MAX_SAFE_INTEGER}`),
      previous: url(`b${keys[0]?.id ?? place.before ?? 0}`),
    },
  };
}

async function remove({ account, form }: ApiRequest, { directory }: Services): Promise<MessageAnswer> {
  await directory.dkimKeys.remove(account, required(form, 'signing_domain'), required(form, 'selector'));
  return { message: 'success' };
}

async function listOfDomain(request: ApiRequest<'domain'>, { directory }: Services): Promise<DkimKeyListAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  return { items: (await directory.dkimKeys.of(domain)).map((key) => presentDkimKey(key, domain.name)) };
}

const change = (verb: 'activate' | 'deactivate') =>
  async function changed(request: ApiRequest<'domain' | 'selector'>, { directory }: Services): Promise<DkimKeyChangedAnswer> {
    const domain = await directory.domains.get(request.account, request.params.domain);
    const key = await directory.dkimKeys[verb](request.account, domain.name, request.params.selector);
    return { message: `domain key ${verb}d`, authority: domain.name, selector: key.selector, active: key.active };
  };

export const dkimKeyEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v1/dkim/keys', 'read', 'List keys for all domains', list),
  defineEndpoint('POST /v1/dkim/keys', 'write', 'Create a domain key', create),
  defineEndpoint('DELETE /v1/dkim/keys', 'write', 'Delete a domain key', remove),
  defineEndpoint('GET /v4/domains/:domain/keys', 'read', 'List domain keys', listOfDomain),
  defineEndpoint('PUT /v4/domains/:domain/keys/:selector/activate', 'write', 'Activate a domain key', change('activate')),
  defineEndpoint('PUT /v4/domains/:domain/keys/:selector/deactivate', 'write', 'Deactivate a domain key', change('deactivate')),
];
