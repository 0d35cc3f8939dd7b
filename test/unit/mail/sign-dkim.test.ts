import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { bodyHashOf, buildMessage, dkimRecordValue, firstValue, generateDkimKey, parseHead, reencodeFor7Bit, signDkim } from '#mail';
import { nbspMessage, sampleMessages } from './support/dkim-samples.js';
import { bytesOf, cut, join, readAll, type WholeMessage, wireOf } from './support/read-all.js';

let privateKey: KeyObject;
let record: string;

beforeAll(async () => {
  const pair = await generateDkimKey(2048);
  privateKey = createPrivateKey(pair.privateKey);
  record = dkimRecordValue(pair.publicKey);
});

async function signed(message: WholeMessage, key = privateKey): Promise<Buffer> {
  const field = await signDkim({
    head: message.head,
    bodyHash: message.bodyHash,
    domain: 'example.com',
    selector: 's1',
    privateKey: key,
    at: 1_700_000_000,
  });
  return Buffer.concat([field, wireOf(message)]);
}

async function verdict(wire: Buffer, txt = record): Promise<string | undefined> {
  const resolver = async (name: string) => {
    expect(name).toBe('s1._domainkey.example.com');
    return [[txt]];
  };
  const { results } = await dkimVerify(wire, { resolver: resolver as never });
  return results[0]?.status.result;
}

describe('signatures verify', () => {
  it.each(sampleMessages)('%s', async (_, raw) => {
    expect(await verdict(await signed(readAll(raw)))).toBe('pass');
  });

  it.each(sampleMessages)('%s, taken in by single bytes', async (_, raw) => {
    const whole = readAll(raw);
    expect(readAll(raw, { chunkSize: 1 }).bodyHash).toBe(whole.bodyHash);
    expect(await bodyHashOf(cut(whole.body, 3))).toBe(whole.bodyHash);
  });

  it.each(sampleMessages)('%s, re-encoded for a 7-bit peer', async (_, raw) => {
    const read = readAll(raw);
    const again = await reencodeFor7Bit(parseHead(read.head), [read.body], { eightBit: true, longLines: true });
    const body = await join(again.body);
    const head = Buffer.concat(again.head.map((field) => field.raw));
    expect(await verdict(await signed({ ...read, head, body, bodyHash: await bodyHashOf([body]) }))).toBe('pass');
  });

  it('a built message', async () => {
    const parts = buildMessage({
      from: 'Bób <bob@example.com>',
      to: ['ann@y.com'],
      cc: ['c@y.com'],
      subject: 'ü',
      text: 'x',
      html: '<p>ü</p>',
      headers: [
        { name: 'List-Unsubscribe', value: '<https://x.com/u>' },
        { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
        { name: 'Feedback-ID', value: 'a:b:c:mailwagon' },
      ],
      attachments: [{ filename: 'a.bin', contentType: 'a/b', content: Buffer.alloc(10_000, 7), inline: false }],
      messageId: 'a@example.com',
      date: new Date(0),
    });
    expect(await verdict(await signed(readAll(await bytesOf(parts))))).toBe('pass');
  });

  it('with Ed25519 (RFC 8463)', async () => {
    const pair = generateKeyPairSync('ed25519');
    const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    const wire = await signed(readAll('From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n'), pair.privateKey);
    expect(wire.toString()).toContain('a=ed25519-sha256');
    expect(await verdict(wire, `k=ed25519; p=${raw}`)).toBe('pass');
  });
});

it('signs NBSP and 8-bit bytes of headers as they are (RFC 6376 2.8: white space is SP and HTAB)', async () => {
  const wire = (await signed(readAll(nbspMessage[1]))).toString('latin1');
  const field = /^DKIM-Signature: (.*?\r\n\tb=)(.*?)\r\nFrom:/s.exec(wire);
  const unsigned = (field?.[1] ?? '').replace(/\r\n\t/g, ' ');
  const data = `from:a@example.com\r\nto:\xa0b@y.example\xa0\r\nsubject:\xa0 x \xa0\r\ndkim-signature:${unsigned}`;
  const signature = Buffer.from((field?.[2] ?? '').replace(/\s/g, ''), 'base64');
  expect(verify('sha256', Buffer.from(data, 'latin1'), createPublicKey(privateKey), signature)).toBe(true);
});

describe('oversigning', () => {
  const base = 'From: a@example.com\r\nTo: b@y.com\r\nSubject: x\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\nhello\r\n';

  it.each([
    'From',
    'To',
    'Cc',
    'Subject',
    'Date',
    'Message-ID',
    'Reply-To',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
    'List-Unsubscribe',
    'List-Unsubscribe-Post',
    'Feedback-ID',
  ])('a %s added above or below breaks the signature', async (name) => {
    const message = readAll(base);
    const wire = await signed(message);
    expect(await verdict(wire)).toBe('pass');
    const added = Buffer.from(`${name}: evil\r\n`);
    const field = wire.subarray(0, wire.length - wireOf(message).length);
    expect(await verdict(Buffer.concat([added, wire]))).not.toBe('pass');
    expect(await verdict(Buffer.concat([field, message.head, added, Buffer.from('\r\n'), message.body]))).not.toBe('pass');
  });

  it('signs each of several instances, so that none can be changed or removed', async () => {
    const wire = await signed(readAll(`Subject: one\r\nSubject: two\r\n${base}`));
    expect(await verdict(wire)).toBe('pass');
    expect(wire.toString()).toMatch(/Subject:Subject:\s*Subject:\s*Subject/);
    expect(await verdict(Buffer.from(wire.toString().replace('Subject: one', 'Subject: 1')))).not.toBe('pass');
    expect(await verdict(Buffer.from(wire.toString().replace('Subject: one\r\n', '')))).not.toBe('pass');
  });

  it('leaves fields alone that relays add or change', async () => {
    const wire = await signed(readAll(base));
    const relayed = Buffer.concat([Buffer.from('Received: by x\r\nX-Spam: no\r\nReturn-Path: <a@b>\r\n'), wire]);
    expect(await verdict(relayed)).toBe('pass');
  });

  it('never lets text be added to the body', async () => {
    const wire = await signed(readAll(base));
    expect(wire.toString()).not.toMatch(/\bl=/);
    expect(await verdict(Buffer.concat([wire, Buffer.from('more\r\n')]))).not.toBe('pass');
  });
});

describe('the field', () => {
  it('is one field of short lines with its time and expiry', async () => {
    const head = Buffer.from('From: a@example.com\r\n');
    const request = { head, bodyHash: 'AAAA', domain: 'example.com', selector: 's1', privateKey, at: 1000, expires: 2000 };
    const field = Buffer.from(await signDkim(request)).toString();
    expect(field).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.com;\r\n\ts=s1; t=1000; x=2000;\r\n/);
    expect(field.endsWith('\r\n')).toBe(true);
    expect(Math.max(...field.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
    const fields = parseHead(Buffer.from(field));
    expect(fields).toHaveLength(1);
    expect(firstValue(fields, 'dkim-signature')).toMatch(/h=From:From:To:Cc:Subject:/);
  });

  it('rejects with a key that cannot sign', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const request = { head: Buffer.from(''), bodyHash: '', domain: 'x', selector: 's', privateKey: publicKey, at: 1 };
    await expect(signDkim(request)).rejects.toThrow();
  });
});

describe('generateDkimKey', () => {
  it('gives a PKCS#8 key and the record Mailgun shows', async () => {
    const pair = await generateDkimKey(1024);
    expect(pair.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(createPrivateKey(pair.privateKey).asymmetricKeyDetails?.modulusLength).toBe(1024);
    expect(dkimRecordValue(pair.publicKey)).toMatch(/^k=rsa; p=MIG[A-Za-z0-9+/]+=*$/);
  });
});
