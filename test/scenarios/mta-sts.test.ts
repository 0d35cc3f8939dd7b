/** MTA-STS (RFC 8461): an enforced policy keeps mail from hosts it does not name and from certificates that prove nothing; a test of one keeps nothing. */
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMx } from '../support/scripted-mx.mjs';
import { issue } from '../support/test-ca.js';
import { waitFor } from '../support/wait-for.mjs';
import { ca, openTlsWorld } from './support/tls-world.js';

const otherName = issue({ name: 'mx.elsewhere.test', issuer: ca });
const MX = { preference: 10, exchange: 'mx.dst.test' };

test('mail for a domain that enforces a policy goes to a host it names, verified', async () => {
  const world = await openTlsWorld({ policies: { 'dst.test': 'enforce mx.dst.test' } });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ 'mx-host': 'mx.dst.test', tls: true, 'certificate-verified': true });
  expect(world.policyHost.asked).toEqual(['dst.test']);
});

test('a host that the policy does not name gets nothing, and the reply says why', async () => {
  const world = await openTlsWorld({ policies: { 'dst.test': 'enforce other.dst.test' } });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({
    code: 451,
    'enhanced-code': '4.7.5',
    message: "4.7.5 mx.dst.test is not in the domain's MTA-STS policy",
  });
  expect(world.mx.connections.total).toBe(0);
});

test('of several hosts only those that the policy names are tried, however much better others are', async () => {
  const strangers = Array.from({ length: 6 }, (_, index) => ({ preference: index, exchange: `mx${index}.strange.test` }));
  const world = await openTlsWorld({
    policies: { 'dst.test': 'enforce *.dst.test' },
    zones: { 'dst.test': { MX: [...strangers, MX] }, '*.strange.test': { A: ['127.0.0.1'] } },
  });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ 'mx-host': 'mx.dst.test', 'certificate-verified': true });
  expect(world.mx.connections.total).toBe(1);
});

test('a host that the policy names must show a certificate for its name', async () => {
  const world = await openTlsWorld({ policies: { 'dst.test': 'enforce mx.dst.test' }, certificate: otherName });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(events[1]?.['delivery-status']?.message).toMatch(
    /^4\.7\.5 TLS with a valid certificate is required by the MTA-STS policy of the domain, but mx\.dst\.test cannot: /,
  );
  expect(world.mx.attempts).toEqual([]);
});

test('a fallback is no way round a policy, also when another host of the domain is blocked', async () => {
  const relay = await startScriptedMx({});
  onTestFinished(() => relay.close());
  const world = await openTlsWorld({
    policies: { 'dst.test': 'enforce *.dst.test' },
    certificate: otherName,
    zones: { 'dst.test': { MX: [MX, { preference: 20, exchange: 'blocked.dst.test' }] }, 'blocked.dst.test': { A: ['127.0.0.99'] } },
    delivery: { transports: [{ match: '*', when: 'fallback', host: '127.0.0.1', port: relay.port, tls: 'none' }] },
  });
  // Enough of them that their path is left alone.
  for (let sent = 0; sent < 6; sent++) await world.send();
  const isLeftAlone = async () => /^mailwagon_\S*suspended\S* 1$/m.test((await world.server.api('GET', '/metrics')).text);
  await waitFor(isLeftAlone, { what: 'a path that is left alone', timeoutMs: 15_000 });
  // One more, whose way is decided when the path is left alone already.
  const id = await world.send();
  const waits = async () => /left alone/i.test((await world.server.cli('queue', 'show', id)).stdout);
  await waitFor(waits, { what: 'the last message to wait for its path', intervalMs: 200 });
  expect((await world.events()).filter(({ event }) => event === 'delivered')).toEqual([]);
  expect(relay.sessions).toEqual([]);
  expect(world.mx.attempts).toEqual([]);
});

test('a policy in testing keeps no mail: neither a wrong host nor a wrong certificate', async () => {
  const world = await openTlsWorld({ policies: { 'dst.test': 'testing other.dst.test' }, certificate: otherName });
  await world.send();
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events[1]?.['delivery-status']).toMatchObject({ tls: true, 'certificate-verified': false });
  expect(world.policyHost.asked).toEqual(['dst.test']);
});

test('a restart forgets no policy, also when the domain can no longer be asked for it', async () => {
  const world = await openTlsWorld({ policies: { 'dst.test': 'enforce mx.dst.test' } });
  await world.send();
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  await world.server.stop();
  world.dns.set('_mta-sts.dst.test', 'servfail');
  world.dns.set('dst.test', { MX: [{ preference: 10, exchange: 'mx.attacker.test' }] });
  world.dns.set('mx.attacker.test', { A: ['127.0.0.1'] });
  await world.server.start();
  await world.send();
  await world.waitForEvents({ accepted: 2, delivered: 1, 'failed temporary': 1 });
  expect(world.mx.messages).toHaveLength(1);
  expect(world.policyHost.asked).toEqual(['dst.test']);
});

test('a policy host that says nothing holds up its own domain, nobody else, and not the end of the server', async () => {
  const world = await openTlsWorld({ policies: { 'slow.test': 'enforce mx.dst.test' }, zones: { 'slow.test': { MX: [MX] } } });
  world.policyHost.policies['slow.test'] = 'silence';
  await world.send({ to: 'a@slow.test' });
  await waitFor(() => world.policyHost.asked.length > 0, { what: 'the policy to be asked for' });
  await world.send({ to: 'b@dst.test' });
  await world.waitForEvents({ accepted: 2, delivered: 1 });
  expect(world.mx.messages.map(({ rcptTo }) => rcptTo)).toEqual([['b@dst.test']]);
  // The fetch itself may take a minute, which is longer than this test may.
  expect(await world.server.stop()).toBe(0);
});

test('domains that only share an exchanger share neither policies nor connections', async () => {
  const domains = ['strict.test', 'strict2.test', 'loose.test', 'loose2.test'];
  const world = await openTlsWorld({
    policies: { 'strict.test': 'enforce mx.dst.test', 'strict2.test': 'enforce *.dst.test' },
    zones: Object.fromEntries(domains.map((domain) => [domain, { MX: [MX] }])),
  });
  for (let sent = 1; sent <= 8; sent++) {
    const domain = domains[sent % 4];
    await world.send({ to: `rcpt@${domain}` });
    await world.waitForEvents({ accepted: sent, delivered: sent });
  }
  const bySession = new Map<number, Set<string>>();
  for (const { session, rcptTo } of world.mx.messages) {
    const found = bySession.get(session) ?? new Set();
    bySession.set(session, found.add(String(rcptTo[0]?.split('@')[1])));
  }
  // Each was used twice or more, so that it could have been shared.
  expect([...bySession.values()].map((found) => [...found].sort().join(' ')).sort()).toEqual([
    'loose.test loose2.test',
    'strict.test',
    'strict2.test',
  ]);
});
