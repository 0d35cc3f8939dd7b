/** API keys as Mailgun's clients read them; never their secret. */
import { isoDateWithoutZone } from '#core';
import type { ApiKeyRecord } from '#store';
import type { KeyJson } from '../contract/key-answers.js';

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
