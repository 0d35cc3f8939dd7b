import { describe, expect, it } from 'vitest';
import { endpoints } from '../../../dist/api/index.js';
import { mayCall } from '../../../dist/api/may-call.js';

/** Per group: admin, analyst, developer, support; `rw`, `r` or `-`, as the manual's table has them. */
const TABLE = [
  ['Messages', 'rw', 'r', 'rw', 'r'],
  ['Domains', 'rw', 'r', 'rw', 'r'],
  ['Events', 'rw', 'r', 'rw', 'r'],
  ['Credentials', 'rw', '-', 'r', '-'],
  ['Keys', 'rw', '-', 'r', '-'],
  ['Templates', 'rw', 'r', 'rw', 'rw'],
  ['IPs', 'rw', 'r', 'rw', 'r'],
  ['IP Pools', 'rw', 'r', 'rw', 'r'],
  ['IP Address Warmup', 'rw', 'r', 'rw', 'r'],
  ['Operator', 'rw', '-', '-', '-'],
] as const;
const ROLES = ['admin', 'analyst', 'developer', 'support'] as const;

describe.each(TABLE)('%s', (group, ...permissions) => {
  it.each(ROLES.map((role, index) => [role, permissions[index] ?? '']))('%s: %s', (role, permission) => {
    expect(mayCall(role, group, 'read')).toBe(permission.includes('r'));
    expect(mayCall(role, group, 'write')).toBe(permission.includes('w'));
    expect(mayCall(role, group, 'send')).toBe(permission.includes('w'));
  });

  it('sending keys only send', () => {
    expect([mayCall('sending', group, 'read'), mayCall('sending', group, 'write'), mayCall('sending', group, 'send')]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

it('covers every group, and only sending is open to sending keys', () => {
  expect(new Set(endpoints.map((endpoint) => endpoint.group))).toEqual(new Set(TABLE.map(([group]) => group)));
  expect(endpoints.filter((endpoint) => mayCall('sending', endpoint.group, endpoint.access)).map((endpoint) => endpoint.path)).toEqual([
    '/v3/:domain/messages',
    '/v3/:domain/messages.mime',
  ]);
});
