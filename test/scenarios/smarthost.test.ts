/** With a transport, mail goes to a smarthost instead of the destination's exchangers: with TLS and a login, or not at all. */
import { expect, test } from 'vitest';
import { makeSelfSignedCertificate } from '#net';
import { freePort } from '../support/free-port.mjs';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { openWorld, type WorldOptions } from './support/world.js';

const certificate = await makeSelfSignedCertificate({ hostname: 'relay.test', notBefore: Date.now() });
const auth = { user: 'us@relay.test', pass: 'our password' };

async function openSmarthostWorld(mx: WorldOptions['mx']) {
  const port = await freePort();
  return openWorld({
    mx: { port, ...mx },
    config: {
      delivery: {
        transports: [{ match: '*.away.test', host: 'localhost', port, tls: 'require', login: auth.user, password: auth.pass }],
      },
    },
  });
}

test('mail goes through it signed, with STARTTLS and AUTH; other mail goes its own way', async () => {
  const world = await openSmarthostWorld({ tls: { cert: certificate.cert, key: certificate.key }, auth });
  await world.send({ to: 'a@x.away.test' });
  await world.send({ to: 'b@dst.test' });

  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  const hosts = events
    .filter(({ event }) => event === 'delivered')
    .map((event) => [event.recipient, event['delivery-status']?.['mx-host']]);
  expect(hosts.sort()).toEqual([
    ['a@x.away.test', 'localhost'],
    ['b@dst.test', 'mx.dst.test'],
  ]);
  const relayed = world.mx.messages.find(({ rcptTo }) => rcptTo.includes('a@x.away.test'));
  expect(relayed).toMatchObject({ tls: true, auth: auth.user });
  expect(await verifyDkim(relayed?.data ?? Buffer.alloc(0), world.records)).toEqual(['pass']);
  expect(world.mx.messages.find(({ rcptTo }) => rcptTo.includes('b@dst.test'))?.auth).toBeUndefined();
});

test('a smarthost without STARTTLS gets neither the password nor the mail', async () => {
  const world = await openSmarthostWorld({ auth });
  await world.send({ to: 'a@x.away.test' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(world.mx.attempts).toEqual([]);
  expect(world.mx.sessions.flatMap(({ commands }) => commands).filter((line) => /^(AUTH|MAIL)/i.test(line))).toEqual([]);
});

test('a smarthost that refuses the login is asked again later', async () => {
  const world = await openSmarthostWorld({ tls: { cert: certificate.cert, key: certificate.key }, auth: { ...auth, pass: 'another' } });
  await world.send({ to: 'a@x.away.test' });
  const events = await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  expect(JSON.stringify(events)).not.toContain(auth.pass);
  expect(world.server.logText()).not.toContain(auth.pass);
});

test('the conversation of a refused login is shown without what logs in', async () => {
  const world = await openSmarthostWorld({
    tls: { cert: certificate.cert, key: certificate.key },
    auth,
    script: { auth: '535 5.7.8 not today' },
  });
  const id = await world.send({ to: 'a@x.away.test', text: 'secret of the message' });
  await world.waitForEvents({ accepted: 1, 'failed temporary': 1 });
  const { body, text } = await world.server.api('GET', `/mailwagon/v1/queue/${encodeURIComponent(id)}`);
  const [conversation] = body.items[0].conversations;
  expect(conversation.text).toMatch(/C: STARTTLS[\s\S]*C: AUTH PLAIN \(not shown\)[\s\S]*S: 535 5\.7\.8 not today/);
  const basic = Buffer.from(`\0${auth.user}\0${auth.pass}`).toString('base64');
  for (const secret of [auth.pass, Buffer.from(auth.pass).toString('base64'), basic, 'secret of the message'])
    expect(text).not.toContain(secret);
});
