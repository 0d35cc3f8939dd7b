/** Passwords at rest: scrypt (RFC 7914) with its parameters in the text, so that they can be raised later. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { badRequest } from '#core';

const COST = 16_384;
const BLOCK = 8;
const PARALLEL = 1;
const LENGTH = 32;

function derive(password: string, salt: Buffer, cost: number, block: number, parallel: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: cost, r: block, p: parallel, maxmem: 256 * cost * block };
    scrypt(password, salt, LENGTH, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST, BLOCK, PARALLEL);
  return ['scrypt', COST, BLOCK, PARALLEL, salt.toString('base64'), key.toString('base64')].join('$');
}

/** True when `stored` is a hash of the password; false also for a text that is no hash. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, cost, block, parallel, salt, hash] = stored.split('$');
  if (kind !== 'scrypt' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const key = await derive(password, Buffer.from(salt, 'base64'), Number(cost), Number(block), Number(parallel));
  return expected.length === key.length && timingSafeEqual(expected, key);
}

/** Refusal 400. */
export function checkPasswordLength(password: string): void {
  if (password.length < 5 || password.length > 32) {
    throw badRequest('Password is too short. It must be between 5 and 32 characters.');
  }
}
