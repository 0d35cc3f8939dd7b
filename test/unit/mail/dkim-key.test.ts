import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dkimRecordValue, generateDkimKey, publicKeyOfRecord, readDkimKey } from '#mail';

describe('keys', () => {
  it.each([1024, 2048])('of RSA have %d bits and a SubjectPublicKeyInfo', async (bits) => {
    const pair = await generateDkimKey(bits);
    expect(pair).toMatchObject({ kind: 'rsa', bits });
    expect(createPrivateKey(pair.privateKey).asymmetricKeyDetails?.modulusLength).toBe(bits);
    expect(pair.publicKey).toMatch(/^MI[A-Za-z0-9+/]+=*$/);
    expect(readDkimKey(pair.privateKey)).toEqual(pair);
  });

  it('of Ed25519 show their 32 bytes', async () => {
    const pair = await generateDkimKey('ed25519');
    expect(pair.kind).toBe('ed25519');
    expect(Buffer.from(pair.publicKey, 'base64')).toHaveLength(32);
    expect(dkimRecordValue(pair.publicKey, pair.kind)).toBe(`k=ed25519; p=${pair.publicKey}`);
    expect(readDkimKey(pair.privateKey)).toEqual(pair);
  });

  it('are read in PKCS#1 as in PKCS#8', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(readDkimKey(pkcs1)).toEqual(readDkimKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()));
  });

  it.each([
    ['nothing', ''],
    ['no PEM', 'hello'],
    ['too short a key', generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a book', 'x'.repeat(20_000)],
  ])('are refused: %s', (_name, pem) => {
    expect(readDkimKey(pem)).toBeUndefined();
  });
});

it.each([
  ['v=DKIM1; k=rsa; p=AB CD', 'ABCD'],
  ['p=AB;t=s', 'AB'],
  ['p =AB', 'AB'],
  ['k=rsa; p=', undefined],
  ['sp=AB', undefined],
  ['v=spf1 -all', undefined],
])('%j holds the key %j', (text, key) => {
  expect(publicKeyOfRecord(text)).toBe(key);
});
