/** Which key may call what: the permissions table of Mailgun's page "API Management and Security" (RBAC) as data, and the domain a key is bound to. Pure. */
import { parseDomain } from '#core';
import type { ApiKeyRecord, KeyRole } from '#store';
import type { Access, Endpoint, Group } from './define-endpoint.js';

type Permission = 'none' | 'read' | 'write';
type Role = Exclude<KeyRole, 'sending'>;

/** Rows of the manual's table; `Events` is its row "Logs". `Operator` shows what only an administrator of the account may see. */
const PERMISSIONS: Record<Group, Record<Role, Permission>> = {
  Messages: { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  Domains: { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  Credentials: { admin: 'write', analyst: 'none', developer: 'read', support: 'none' },
  Keys: { admin: 'write', analyst: 'none', developer: 'read', support: 'none' },
  Events: { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  Templates: { admin: 'write', analyst: 'read', developer: 'write', support: 'write' },
  IPs: { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  'IP Pools': { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  // Not in the table; part of the addresses.
  'IP Address Warmup': { admin: 'write', analyst: 'read', developer: 'write', support: 'read' },
  Operator: { admin: 'write', analyst: 'none', developer: 'none', support: 'none' },
};

/**
 * Why a key may not call an endpoint; undefined when it may. A key that names a domain is held to that domain's own paths, whatever its role and kind:
 * what has no domain in its path is about the whole account, or about the server.
 */
export function accessRefusal(
  key: Pick<ApiKeyRecord, 'role' | 'domainName'>,
  endpoint: Pick<Endpoint, 'group' | 'access'>,
  params: Readonly<Record<string, string>>,
): string | undefined {
  if (!mayCall(key.role, endpoint.group, endpoint.access)) return 'Forbidden';
  if (key.domainName === undefined || parseDomain(params.domain ?? '') === key.domainName) return undefined;
  return `Forbidden: this API key is bound to the domain ${key.domainName}`;
}

/** Sending keys may only send; sending counts as writing for everybody else. */
export function mayCall(role: KeyRole, group: Group, access: Access): boolean {
  if (role === 'sending') return access === 'send';
  const permission = PERMISSIONS[group][role];
  return permission === 'write' || (permission === 'read' && access === 'read');
}
