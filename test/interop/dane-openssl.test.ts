/** Our reading of TLSA records against OpenSSL's: the same records, the same chains, the same verdict. */
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { DAY, systemClock } from '#core';
import { makeClientTls, peerChain, type TlsaRecord, verifyTlsa } from '#net';
import { type Issued, issue } from '../support/test-ca.js';
import { need, run } from './support/peers.js';

const NAME = 'mx.dst.test';
const now = systemClock.now();
const past = { notBefore: now - 30 * DAY, notAfter: now - DAY };
const root = issue({ name: 'Root', isCa: true });
const middle = issue({ name: 'Middle', isCa: true, issuer: root });
const stranger = issue({ name: 'Stranger', isCa: true });
const leaf = issue({ name: NAME, issuer: middle });
const expired = issue({ name: NAME, issuer: middle, ...past });
const elsewhere = issue({ name: 'mx.elsewhere.test', issuer: middle });
const forged = issue({ name: NAME, issuer: middle, forged: true });
const byRoot = issue({ name: NAME, issuer: root });
const notCa = issue({ name: 'Not an authority' });
const byNotCa = issue({ name: NAME, issuer: notCa });
const oldMiddle = issue({ name: 'Old middle', isCa: true, issuer: root, ...past });
const byOldMiddle = issue({ name: NAME, issuer: oldMiddle });
const selfSigned = issue({ name: NAME });

function record(usage: number, selector: number, matchingType: number, { der, spki }: Issued): TlsaRecord {
  const bytes = selector === 0 ? der : spki;
  const hash = { 1: 'sha256', 2: 'sha512' }[matchingType];
  return { usage, selector, matchingType, certificate: hash === undefined ? bytes : createHash(hash).update(bytes).digest() };
}

/** What the server sends, and the records. */
type Case = [name: string, chain: Issued[], records: TlsaRecord[]];
const whole = [leaf, middle, root];
const forms: Case[] = [0, 1].flatMap((selector) =>
  [0, 1, 2].flatMap((type): Case[] => [
    [`3 ${selector} ${type} of the certificate`, whole, [record(3, selector, type, leaf)]],
    [`3 ${selector} ${type} of another`, whole, [record(3, selector, type, expired)]],
    [`2 ${selector} ${type} of the root`, whole, [record(2, selector, type, root)]],
    [`2 ${selector} ${type} of the one between`, whole, [record(2, selector, type, middle)]],
    [`2 ${selector} ${type} of a stranger`, whole, [record(2, selector, type, stranger)]],
  ]),
);
const cases: Case[] = [
  ...forms,
  ['3: of the issuer instead of the certificate', whole, [record(3, 1, 1, middle)]],
  ['3: expired', [expired, middle], [record(3, 1, 1, expired)]],
  ['3: of another name', [elsewhere, middle], [record(3, 1, 1, elsewhere)]],
  ['3: self-signed', [selfSigned], [record(3, 1, 1, selfSigned)]],
  ['3: one of two', whole, [record(3, 1, 1, expired), record(3, 1, 1, leaf)]],
  ['2: expired', [expired, middle, root], [record(2, 1, 1, root)]],
  ['2: of another name', [elsewhere, middle, root], [record(2, 1, 1, root)]],
  ['2: forged', [forged, middle, root], [record(2, 1, 1, root)]],
  ['2: the root is not sent', [leaf, middle], [record(2, 1, 1, root)]],
  ['2: the root is not sent and the record holds it', [leaf, middle], [record(2, 0, 0, root)]],
  ['2: the root is not sent and the record holds its key', [leaf, middle], [record(2, 1, 0, root)]],
  ['2: the one between is not sent', [leaf, root], [record(2, 1, 1, root)]],
  ['2: straight under the root', [byRoot, root], [record(2, 1, 1, root)]],
  ['2: the issuer is no authority', [byNotCa, notCa], [record(2, 1, 1, notCa)]],
  ['2: the one between has expired', [byOldMiddle, oldMiddle, root], [record(2, 1, 1, root)]],
  ['2 and 3: only the second fits', whole, [record(2, 1, 1, stranger), record(3, 1, 1, leaf)]],
];

beforeAll(() => need('openssl', 'openssl'));

async function serve(chain: Issued[]): Promise<number> {
  const server = createServer({ cert: chain.map(({ cert }) => cert).join(''), key: chain[0]?.key }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function ours(port: number, records: TlsaRecord[]): Promise<boolean> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...makeClientTls()('dane', NAME) });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return verifyTlsa(records, peerChain(socket), [NAME], now).kind === 'match';
  } finally {
    socket.destroy();
  }
}

async function openssl(port: number, records: TlsaRecord[]): Promise<{ isMatch: boolean; text: string }> {
  const data = records.flatMap(({ usage, selector, matchingType, certificate }) => [
    '-dane_tlsa_rrdata',
    `${usage} ${selector} ${matchingType} ${certificate.toString('hex')}`,
  ]);
  const fixed = ['s_client', '-brief', '-connect', `127.0.0.1:${port}`, '-servername', NAME, '-dane_tlsa_domain', NAME];
  const { text } = await run('openssl', [...fixed, '-dane_ee_no_namechecks', ...data]);
  expect(text).toMatch(/CONNECTION ESTABLISHED/);
  return { isMatch: /^Verification: OK$/m.test(text), text };
}

test.each(cases)('%s', async (_name, chain, records) => {
  const port = await serve(chain);
  const { isMatch, text } = await openssl(port, records);
  expect(await ours(port, records), text).toBe(isMatch);
});

test('both verdicts occur', async () => {
  const port = await serve(whole);
  expect((await openssl(port, [record(3, 1, 1, leaf)])).isMatch).toBe(true);
  expect((await openssl(port, [record(3, 1, 1, expired)])).isMatch).toBe(false);
});
