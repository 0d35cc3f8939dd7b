/** What is done once for all recipients of a message: signing it, encoding it anew, hashing its body. Counted where Node does it, not timed. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type Harness, makeHarness } from './support/harness.js';

const original = { sign: crypto.sign, createHash: crypto.createHash };
let made: { signatures: number; hashes: number };
let mx: ScriptedMx;
let harness: Harness;

beforeEach(() => {
  made = { signatures: 0, hashes: 0 };
  Object.assign(crypto, {
    sign: (...args: Parameters<typeof original.sign>) => {
      made.signatures += 1;
      return original.sign(...args);
    },
    createHash: (...args: Parameters<typeof original.createHash>) => {
      made.hashes += 1;
      return original.createHash(...args);
    },
  });
  syncBuiltinESMExports();
});

afterEach(async () => {
  Object.assign(crypto, original);
  syncBuiltinESMExports();
  await harness.delivery.stop(0);
  await mx.close();
});

async function start(options: ScriptedMxOptions = {}): Promise<void> {
  mx = await startScriptedMx(options);
  harness = makeHarness({ port: mx.port });
}

const HEAD = 'From: a@src.test\r\nTo: list@dst.test\r\nSubject: hello\r\nMIME-Version: 1.0\r\n';
const TEXT = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n';
const thirty = Array.from({ length: 30 }, (_, index) => `user${index}@dst.test`);
const signaturesOf = () => new Set(mx.messages.map(({ data }) => /^DKIM-Signature:[\s\S]*?\r\n(?=\S)/.exec(data.toString('latin1'))?.[0]));

it('thirty recipients of a message get one signature, and its body is not hashed again', async () => {
  await start();
  const raw = `${HEAD}\r\nHello.\r\n`;
  const put = harness.put({ raw }, ...thirty);
  made.hashes = 0;
  await harness.settledFor(put);
  expect(mx.messages.length).toBe(30);
  expect(made).toEqual({ signatures: 1, hashes: 0 });
  expect(signaturesOf().size).toBe(1);
  expect([...signaturesOf()]).not.toContain(undefined);
  await harness.send({ raw }, 'other@dst.test');
  expect(made.signatures).toBe(2);
});

it.each([
  ['in memory', {}],
  ['in a file', { chunkSize: 7 }],
])('thirty recipients at a peer without 8BITMIME get one encoding, one hash and one signature of a body %s', async (_where, where) => {
  await start({ extensions: ['PIPELINING'] });
  const put = harness.put({ raw: `${HEAD}${TEXT}\r\nGrüße, 世界!\r\n`, ...where }, ...thirty);
  made.hashes = 0;
  await harness.settledFor(put);
  expect(mx.messages.length).toBe(30);
  expect(made).toEqual({ signatures: 1, hashes: 1 });
  expect(signaturesOf().size).toBe(1);
  expect(new Set(mx.messages.map(({ data }) => data.toString('latin1'))).size).toBe(1);
  expect(mx.messages[0]?.data.toString('latin1')).toContain('Gr=C3=BC=C3=9Fe');
});
