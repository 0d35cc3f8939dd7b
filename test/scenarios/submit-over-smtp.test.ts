/** A message submitted over SMTP with a login arrives signed; without a login nothing gets in. */
import { expect, test } from 'vitest';
import { smtpSend } from '../support/smtp-send.mjs';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { openWorld, readMessage } from './support/world.js';

test.each(['STARTTLS', 'implicit TLS'])('AUTH over %s', async (kind) => {
  const world = await openWorld();
  const implicitTls = kind === 'implicit TLS';
  const port = (implicitTls ? world.server.addresses.smtps : world.server.addresses.smtp)[0] ?? 0;
  const message = { from: 'sender@src.test', to: 'a@dst.test', bcc: 'hidden@dst.test', subject: 'By SMTP', text: 'Hello' };
  const { code, messageId } = await smtpSend({ port, implicitTls, login: world.login, password: world.password }, message);
  expect(code).toBe(250);

  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(new Set(events.map((event) => event.message.headers['message-id']))).toEqual(new Set([messageId]));
  expect(events.every(({ method, flags }) => method === 'smtp' && flags['is-authenticated'])).toBe(true);
  for (const { data, mailFrom } of world.mx.messages) {
    const { head } = readMessage(data);
    expect(mailFrom).toBe('sender@src.test');
    expect(head).toMatch(/^Received: from .* with ESMTPSA id/m);
    expect(head).not.toMatch(/hidden|postmaster@src\.test/);
    expect(await verifyDkim(data, world.records)).toEqual(['pass']);
  }
});

test('without a login or with a wrong password nothing gets in, and nothing is kept', async () => {
  const world = await openWorld();
  const [port = 0] = world.server.addresses.smtp;
  const message = { from: 'sender@src.test', to: 'rcpt@dst.test', text: 'Hello' };
  expect(await smtpSend({ port }, message)).toMatchObject({ code: 550 });
  expect(await smtpSend({ port, login: world.login, password: 'wrong' }, message)).toMatchObject({ code: 535 });
  const toUs = { ...message, to: 'somebody@src.test' };
  expect(await smtpSend({ port }, toUs)).toMatchObject({ code: 450, text: expect.stringContaining('4.2.1') });
  expect(await world.events()).toEqual([]);
  expect(world.mx.connections.total).toBe(0);
});
