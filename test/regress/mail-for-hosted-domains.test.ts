/**
 * Receiving is not there yet: nobody is invited to publish an MX, and whoever did so all the same loses no mail and no address. Reported:
 * strangers' mail was answered 550, for which other servers bounce and suppress.
 */
import { expect, test } from 'vitest';
import { openWorld } from '../scenarios/support/world.js';
import { openDialog } from '../support/smtp-dialog.mjs';

const HOSTNAME = 'mail.host.test';

/** `src.test` is hosted here, and its MX names this server already; that of `else.test` does too, and nobody here knows it. */
const zones = {
  'src.test': { MX: [{ preference: 10, exchange: HOSTNAME }] },
  'else.test': { MX: [{ preference: 10, exchange: HOSTNAME }] },
  [HOSTNAME]: { A: ['127.0.0.1'] },
};

test('a stranger’s mail for a hosted domain is put off, and nothing is relayed', async () => {
  const world = await openWorld();
  const [port = 0] = world.server.addresses.smtp;
  const client = await openDialog({ port });
  await client.expect(220);
  await client.command('EHLO client.test', 250);
  for (const sender of ['<x@ext.test>', '<>', '<someone@src.test>']) {
    await client.command(`MAIL FROM:${sender}`, 250);
    await client.command('RCPT TO:<somebody@src.test>', /^450 4\.2\.1 /);
    await client.command('RCPT TO:<postmaster>', /^450 4\.2\.1 /);
    await client.command('RCPT TO:<rcpt@dst.test>', /^550 5\.7\.1 /);
    await client.command('RCPT TO:<somebody@sub.src.test>', /^550 5\.7\.1 /);
    await client.command('RSET', 250);
  }
  await client.close();
  expect(await world.events()).toEqual([]);
});

test('what a customer sends to a hosted domain whose MX names this server waits, and is not bounced', async () => {
  const world = await openWorld({ config: { hostname: HOSTNAME }, zones });
  await world.send({ to: 'over-http@src.test' });
  expect(await world.submit({ to: 'over-smtp@src.test' })).toMatchObject({ code: 250 });
  const events = await world.waitForEvents({ accepted: 2, 'failed temporary': 2 });
  for (const { 'delivery-status': status } of events.filter(({ event }) => event === 'failed'))
    expect(status).toMatchObject({ code: 450, 'enhanced-code': '4.2.1', message: expect.stringContaining('does not receive mail yet') });
});

test('what goes to a strange domain whose MX names this server is a loop, and fails', async () => {
  const world = await openWorld({ config: { hostname: HOSTNAME }, zones });
  await world.send({ to: 'somebody@else.test' });
  const events = await world.waitForEvents({ accepted: 1, 'failed permanent': 1 });
  expect(events.at(-1)?.['delivery-status']).toMatchObject({ code: 554, 'enhanced-code': '5.4.6' });
});

test('mail for a hosted domain that arrives elsewhere leaves by its MX', async () => {
  const world = await openWorld({ zones: { 'src.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }] } } });
  await world.send({ to: 'colleague@src.test' });
  await world.waitForEvents({ accepted: 1, delivered: 1 });
});

test('no command shows an MX to publish; one that names this server already is told', async () => {
  const world = await openWorld({ config: { hostname: HOSTNAME }, zones });
  const added = await world.server.cli('domain', 'add', 'new.test');
  expect(added.stdout).toContain('this version receives no mail');
  for (const { stdout } of [
    added,
    await world.server.cli('domain', 'dns', 'new.test'),
    await world.server.cli('domain', 'show', 'new.test'),
  ]) {
    expect(stdout).toMatch(/^TXT /m);
    expect(stdout).not.toMatch(/^MX /m);
  }
  const verified = await world.server.cli('domain', 'verify', 'src.test');
  expect(verified.stdout).toContain('The MX of the domain names this server, which receives no mail yet');
});
