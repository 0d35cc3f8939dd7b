/** Our signatures before a verifier in another language: dkimpy (Debian: python3-dkim). */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { dkimRecordValue, generateDkimKey, signDkim } from '#mail';
import { nbspMessage, sampleMessages } from '../unit/mail/support/dkim-samples.js';
import { readAll, wireOf } from '../unit/mail/support/read-all.js';

const PYTHON = '/usr/bin/python3';
const VERIFY = `
import sys, dkim
record = sys.argv[1].encode()
message = sys.stdin.buffer.read()
print(dkim.verify(message, dnsfunc=lambda name, timeout=5: record if name == b's1._domainkey.example.com.' else None))
`;

let privateKey: KeyObject;
let record: string;

beforeAll(async () => {
  try {
    execFileSync(PYTHON, ['-c', 'import dkim'], { stdio: 'pipe' });
  } catch {
    throw new Error('dkimpy is missing: install the package python3-dkim');
  }
  const pair = await generateDkimKey(2048);
  privateKey = createPrivateKey(pair.privateKey);
  record = `v=DKIM1; ${dkimRecordValue(pair.publicKey)}`;
});

function verified(wire: Buffer): boolean {
  return execFileSync(PYTHON, ['-c', VERIFY, record], { input: wire }).toString().trim() === 'True';
}

async function signed(raw: Buffer): Promise<{ wire: Buffer; field: Uint8Array }> {
  const message = readAll(raw);
  const field = await signDkim({
    head: message.head,
    bodyHash: message.bodyHash,
    domain: 'example.com',
    selector: 's1',
    privateKey,
    at: Math.floor(Date.now() / 1000),
    expires: Math.floor(Date.now() / 1000) + 86_400,
  });
  return { wire: Buffer.concat([field, wireOf(message)]), field };
}

const VERIFY_TWO = `
import sys, dkim
records = {b's1._domainkey.example.com.': sys.argv[1].encode(), b's2._domainkey.example.com.': sys.argv[2].encode()}
message = dkim.DKIM(sys.stdin.buffer.read())
print([message.verify(index, dnsfunc=lambda name, timeout=5: records.get(name)) for index in (0, 1)])
`;

describe('dkimpy verifies', () => {
  it.each([...sampleMessages, nbspMessage])('%s', async (_, raw) => {
    expect(verified((await signed(raw)).wire)).toBe(true);
  });

  it('an RSA and an Ed25519 signature side by side (RFC 8463)', async () => {
    try {
      execFileSync(PYTHON, ['-c', 'import nacl'], { stdio: 'pipe' });
    } catch {
      throw new Error('PyNaCl is missing: install the package python3-nacl');
    }
    const pair = await generateDkimKey('ed25519');
    const message = readAll(Buffer.from('From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n'));
    const request = { head: message.head, bodyHash: message.bodyHash, domain: 'example.com', at: Math.floor(Date.now() / 1000) };
    const rsa = await signDkim({ ...request, selector: 's1', privateKey });
    const ed25519 = await signDkim({ ...request, selector: 's2', privateKey: createPrivateKey(pair.privateKey) });
    const wire = Buffer.concat([rsa, ed25519, wireOf(message)]);
    const second = `v=DKIM1; ${dkimRecordValue(pair.publicKey, 'ed25519')}`;
    expect(execFileSync(PYTHON, ['-c', VERIFY_TWO, record, second], { input: wire }).toString().trim()).toBe('[True, True]');
  });

  it.each(['From', 'Subject', 'Reply-To', 'Content-Type'])('and refuses an added %s', async (name) => {
    const { wire } = await signed(Buffer.from('From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n'));
    expect(verified(wire)).toBe(true);
    expect(verified(Buffer.concat([Buffer.from(`${name}: evil@x.test\r\n`), wire]))).toBe(false);
  });
});
