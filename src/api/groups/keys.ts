/** API keys of the account. */
import { badRequest } from '#core';
import type { NewKey } from '#directory';
import type { Form } from '#http';
import type { KeyRole } from '#store';
import type { KeyCreatedAnswer, KeyListAnswer } from '../contract/key-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { presentKey } from '../present/key.js';

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

async function list({ account, form }: Call, { directory }: Services): Promise<KeyListAnswer> {
  const kind = KINDS.find((known) => known === form.text('kind'));
  if (kind === undefined && form.text('kind') !== undefined)
    throw badRequest('expected `kind` param to be one of [domain user web] or absent');
  const keys = await directory.keys.list(account, { domainName: form.text('domain_name'), kind });
  return { total_count: keys.length, items: keys.map(presentKey) };
}

/** Clients read the key flat (JavaScript) or under `key` (all others): both are there. */
async function create({ account, form }: Call, { directory }: Services): Promise<KeyCreatedAnswer> {
  const { key, secret } = await directory.keys.create(account, readNewKey(form));
  const shown = { ...presentKey(key), secret };
  return { message: 'great success', key: shown, ...shown };
}

async function remove(call: Call, { directory }: Services) {
  await directory.keys.remove(call.account, pathParameter(call, 'key'));
  return { message: 'key deleted' };
}

export const keyEndpoints: Endpoint[] = [
  defineEndpoint('GET /v1/keys', 'Keys', 'read', 'List API keys', list),
  defineEndpoint('POST /v1/keys', 'Keys', 'write', 'Create an API key', create),
  defineEndpoint('DELETE /v1/keys/:key', 'Keys', 'write', 'Delete an API key', remove),
];
