/** Which role may call what: the permissions table of Mailgun's page "API Management and Security" (RBAC), as data. Pure. */
import type { KeyRole } from '#store';
import type { Access, Group } from './define-endpoint.js';

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

/** Sending keys may only send (the domain is judged by the caller of this); sending counts as writing for everybody else. */
export function mayCall(role: KeyRole, group: Group, access: Access): boolean {
  if (role === 'sending') return access === 'send';
  const permission = PERMISSIONS[group][role];
  return permission === 'write' || (permission === 'read' && access === 'read');
}
