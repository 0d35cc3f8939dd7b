import { describe, expect, it } from 'vitest';
import { type Access, apiEndpoints } from '#api';
import { mayCall } from '#api/endpoint/may-call.js';
import type { KeyRole } from '#store';

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
  const ofGroup = apiEndpoints.filter((endpoint) => endpoint.group === group);
  const isAllowed = (role: KeyRole, access: Access) => {
    const answers = new Set(ofGroup.map((endpoint) => mayCall(role, { ...endpoint, access })));
    expect(answers.size).toBe(1);
    return answers.has(true);
  };

  it.each(ROLES.map((role, index) => [role, permissions[index] ?? '']))('%s: %s', (role, permission) => {
    expect(isAllowed(role, 'read')).toBe(permission.includes('r'));
    expect(isAllowed(role, 'write')).toBe(permission.includes('w'));
    expect(isAllowed(role, 'send')).toBe(permission.includes('w'));
  });

  it('sending keys only send', () => {
    expect([isAllowed('sending', 'read'), isAllowed('sending', 'write'), isAllowed('sending', 'send')]).toEqual([false, false, true]);
  });
});

it('covers every group, and only sending is open to sending keys', () => {
  expect(new Set(apiEndpoints.map((endpoint) => endpoint.group))).toEqual(new Set(TABLE.map(([group]) => group)));
  expect(apiEndpoints.filter((endpoint) => mayCall('sending', endpoint)).map((endpoint) => endpoint.path)).toEqual([
    '/v3/:domain/messages',
    '/v3/:domain/messages.mime',
  ]);
});
