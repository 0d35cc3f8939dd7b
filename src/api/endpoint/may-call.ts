/** Which key may call which endpoint: by its role, and by the domain it is bound to. Pure. */
import { parseDomain } from '#core';
import type { ApiKeyRecord, KeyRole } from '#store';
import type { Endpoint } from './define-endpoint.js';

type AccessRule = Pick<Endpoint, 'access' | 'permissions'>;

/**
 * Why a key may not call an endpoint; undefined when it may. A key that names a domain is held to that domain's own paths, whatever its role and kind:
 * an endpoint without a domain in its path is about the whole account, or about the server.
 */
export function accessRefusal(
  key: Pick<ApiKeyRecord, 'role' | 'domainName'>,
  endpoint: AccessRule,
  params: Readonly<Record<string, string>>,
): string | undefined {
  if (!mayCall(key.role, endpoint)) return 'Forbidden';
  if (key.domainName === undefined || parseDomain(params.domain ?? '') === key.domainName) return undefined;
  return `Forbidden: this API key is bound to the domain ${key.domainName}`;
}

/** Sending keys may only send; sending counts as writing for everybody else. */
export function mayCall(role: KeyRole, { access, permissions }: AccessRule): boolean {
  if (role === 'sending') return access === 'send';
  const permission = role === 'admin' ? 'write' : permissions[role];
  return permission === 'write' || (permission === 'read' && access === 'read');
}
