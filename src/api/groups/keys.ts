/** API keys of the account. */
import { badRequest, isoDateWithoutZone } from '#core';
import type { NewKey } from '#directory';
import type { Form } from '#http';
import type { ApiKeyRecord, KeyRole } from '#store';
import type { KeyCreatedAnswer, KeyJson, KeyListAnswer } from '../contract/key-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';

/** Dates have no zone; one that is not set is left out, because Go clients fail on null. */
export function presentKey(key: ApiKeyRecord): KeyJson {
  return {
    id: key.id,
    description: key.description,
    kind: key.kind,
    role: key.role === 'analyst' ? 'basic' : key.role,
    created_at: isoDateWithoutZone(key.createdAt),
    updated_at: isoDateWithoutZone(key.updatedAt),
    ...(key.expiresAt === undefined ? {} : { expires_at: isoDateWithoutZone(key.expiresAt) }),
    domain_name: key.domainName ?? null,
    requestor: key.email ?? null,
    user_name: key.userName ?? null,
    ...(key.userId === undefined ? {} : { user_id: key.userId }),
    is_disabled: false,
  };
}

const KINDS = ['domain', 'user', 'web'] as const;
/** `basic` is what Mailgun's API calls the analyst. */
const ROLES: Record<string, KeyRole> = {
  admin: 'admin',
  basic: 'analyst',
  analyst: 'analyst',
  developer: 'developer',
  support: 'support',
  sending: 'sending',
};

function readNewKey(form: Form): NewKey {
  const role = ROLES[form.choice('role', Object.keys(ROLES)) ?? ''];
  if (role === undefined) throw badRequest("Parameter 'role' is missing");
  return {
    role,
    kind: form.choice('kind', KINDS),
    description: form.text('description'),
    domainName: form.text('domain_name'),
    expiresIn: form.integer('expiration', { min: 1, max: 100 * 366 * 86_400 }),
    email: form.text('email'),
    userId: form.text('user_id'),
    userName: form.text('user_name'),
  };
}

async function list({ account, form }: ApiRequest, { directory }: Services): Promise<KeyListAnswer> {
  const kind = KINDS.find((known) => known === form.text('kind'));
  if (kind === undefined && form.text('kind') !== undefined)
    throw badRequest('expected `kind` param to be one of [domain user web] or absent');
  const keys = await directory.keys.list(account, { domainName: form.text('domain_name'), kind });
  return { total_count: keys.length, items: keys.map(presentKey) };
}

/** Clients read the key flat (JavaScript) or under `key` (all others): both are there. */
async function create({ account, form }: ApiRequest, { directory }: Services): Promise<KeyCreatedAnswer> {
  const { key, secret } = await directory.keys.create(account, readNewKey(form));
  const shown = { ...presentKey(key), secret };
  return { message: 'great success', key: shown, ...shown };
}

async function remove(request: ApiRequest<'key'>, { directory }: Services) {
  await directory.keys.remove(request.account, request.params.key);
  return { message: 'key deleted' };
}

export const keyEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v1/keys', 'read', 'List API keys', list),
  defineEndpoint('POST /v1/keys', 'write', 'Create an API key', create),
  defineEndpoint('DELETE /v1/keys/:key', 'write', 'Delete an API key', remove),
];
