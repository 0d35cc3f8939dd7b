// @ts-check
/**
 * `npm run demo`: proves the main job by itself. Starts Mailwagon and a local SMTP destination, sends one mail over the HTTP API and one over
 * authenticated SMTP, shows both as they arrived with their signatures verified, and what the server says of them. Exits 0, or 1 with the reason.
 */
import { createTransport } from 'nodemailer';
import { makeSelfSignedCertificate } from '#net';
import { startFakeDns } from '../support/fake-dns.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { startScriptedMx } from '../support/scripted-mx.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { waitFor } from '../support/wait-for.mjs';
import { check, showEvents, showMail, showStep } from './show.mjs';

const DOMAIN = 'news.example';
const DESTINATION = 'friends.example';
const RECIPIENT = `rosa@${DESTINATION}`;
const DEADLINE_MS = 60_000;

/** What must be closed at the end, however it ends; last opened, first closed. @type {(() => unknown)[]} */
const closing = [];

async function closeAll() {
  for (const close of closing.reverse().splice(0)) await close();
}

/** A destination with its DNS, and a server that knows no other world. */
async function startWorld() {
  const folder = tempDir('mailwagon-demo-');
  closing.push(folder.cleanup);
  const { cert, key } = await makeSelfSignedCertificate({ hostname: `mx.${DESTINATION}`, notBefore: Date.now() });
  const mx = await startScriptedMx({ hostname: `mx.${DESTINATION}`, tls: { cert, key } });
  closing.push(() => mx.close());
  const dns = await startFakeDns({
    [DESTINATION]: { MX: [{ preference: 10, exchange: `mx.${DESTINATION}` }] },
    [`mx.${DESTINATION}`]: { A: [mx.host] },
  });
  closing.push(() => dns.close());
  const server = makeMailwagon({
    folder: folder.path,
    config: { hostname: 'mail.news.example', dns: { servers: [dns.address] }, delivery: { port: mx.port, allowPrivateNetworks: true } },
  });
  closing.push(() => server.kill());
  await server.init();
  await server.start();
  return { mx, server };
}

/** @param {import('../support/mailwagon-process.d.mts').MailwagonProcess} server */
async function createDomain(server) {
  const password = 'a password of the demo';
  const { status, body, text } = await server.api('POST', '/v4/domains', { form: { name: DOMAIN, smtp_password: password } });
  check(status === 200, `creating the domain was answered ${status}: ${text}`);
  return { records: body.sending_dns_records, login: body.domain.smtp_login, password };
}

/** @param {import('../support/mailwagon-process.d.mts').MailwagonProcess} server */
async function sendOverHttp(server) {
  const form = {
    from: `Mailwagon Demo <demo@${DOMAIN}>`,
    to: RECIPIENT,
    subject: 'Sent over the HTTP API — grüße!',
    text: 'This mail came in as a form, over POST /v3/news.example/messages.\n\nIt was signed and relayed over SMTP.\n',
    'o:tag': 'demo',
    'v:door': 'http',
  };
  const { status, body, text } = await server.api('POST', `/v3/${DOMAIN}/messages`, { form });
  check(status === 200 && body.message === 'Queued. Thank you.', `the HTTP API answered ${status}: ${text}`);
  return body.id;
}

/** @param {import('../support/mailwagon-process.d.mts').MailwagonProcess} server @param {string} user @param {string} pass */
async function sendOverSmtp(server, user, pass) {
  const [port = 0] = server.addresses.smtp;
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    auth: { user, pass },
  });
  const sent = await transport.sendMail({
    from: `Mailwagon Demo <demo@${DOMAIN}>`,
    to: RECIPIENT,
    subject: 'Sent over SMTP',
    text: 'This mail came in over SMTP, with STARTTLS and a login.\n',
  });
  transport.close();
  return sent.messageId;
}

async function demo() {
  showStep('Starting Mailwagon and a mail server for friends.example');
  const { mx, server } = await startWorld();
  const { smtp, smtps, http } = server.addresses;
  console.log(`SMTP on port ${smtp[0]}, SMTPS on port ${smtps[0]}, HTTP API on port ${http[0]}; friends.example on port ${mx.port}`);

  showStep(`Creating the domain ${DOMAIN}`);
  const { records, login, password } = await createDomain(server);
  for (const record of records) console.log(`${record.record_type.padEnd(5)} ${record.name}  ${record.value.slice(0, 60)}`);

  showStep('Sending: one mail over HTTP, one over SMTP with STARTTLS and AUTH');
  console.log(`HTTP  ${await sendOverHttp(server)}`);
  console.log(`SMTP  ${await sendOverSmtp(server, login, password)}`);

  const arrived = await mx.waitForMessages(2, 15_000);
  for (const message of arrived) {
    showStep(`Arrived for ${message.rcptTo.join(', ')}`);
    showMail(message.data);
    const results = await verifyDkim(message.data, records);
    check(results.length === 1 && results[0] === 'pass', `the DKIM signature does not verify: ${results.join(', ')}`);
    console.log(`\ndkim=${results[0]}`);
  }

  showStep(`Events of ${DOMAIN}`);
  const events = await waitFor(
    async () => {
      const { body } = await server.api('GET', `/v3/${DOMAIN}/events`, { query: { ascending: 'yes' } });
      return body?.items?.filter(({ event }) => event === 'delivered').length === 2 && body.items;
    },
    { what: 'two delivered events' },
  );
  showEvents(events);
  check(events.length === 4, `expected 4 events, found ${events.length}`);

  const code = await server.stop();
  check(code === 0, `the server ended with ${code}`);
  showStep('Done: two mails in, two mails out, both signed.');
}

const tooLate = setTimeout(() => end(new Error(`not done after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(new Error(`stopped by ${signal}`)));

let ending = false;
/** @param {unknown} [error] */
async function end(error) {
  if (ending) return;
  ending = true;
  clearTimeout(tooLate);
  if (error !== undefined) console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  await closeAll();
  process.exit(error === undefined ? 0 : 1);
}

demo().then(() => end(), end);
