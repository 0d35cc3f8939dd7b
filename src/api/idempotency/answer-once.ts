/**
 * The Idempotency-Key header: the first answer to a request that sent something is given again for a day, whatever happened to the server meanwhile,
 * and nothing is sent twice. What was refused is not remembered: it may be mended and tried again with the same key.
 */
import { badRequest, StoreError } from '#core';
import { ErrorAnswer } from '#http';
import type { Once } from '#intake';
import type { DomainRecord, GivenAnswer } from '#store';
import type { Call, Services } from '../define-endpoint.js';
import { fingerprintOf } from './fingerprint.js';

export type RequestOnce = Pick<Once, 'key' | 'fingerprint'>;

const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** `send` hands what it is given to intake. Refusal 400 for a bad key; 422 for a key that was used for another request. */
export async function answerOnce(
  call: Call,
  { intake }: Pick<Services, 'intake'>,
  domain: DomainRecord,
  send: (once: RequestOnce | undefined) => Promise<object>,
): Promise<object> {
  const key = call.header('idempotency-key');
  if (key === undefined) return send(undefined);
  if (!KEY.test(key)) throw badRequest('Idempotency-Key must be 1 to 255 printable ASCII characters');
  const fingerprint = await fingerprintOf(call);
  const given = await intake.givenAnswer(domain, key);
  if (given !== undefined) return repeat(given, fingerprint);
  try {
    return await send({ key, fingerprint });
  } catch (error) {
    // The same request at the same time was the first.
    const first = error instanceof StoreError && error.kind === 'conflict' ? await intake.givenAnswer(domain, key) : undefined;
    if (first === undefined) throw error;
    return repeat(first, fingerprint);
  }
}

function repeat(given: GivenAnswer, fingerprint: string): object {
  if (given.fingerprint !== fingerprint) throw new ErrorAnswer(422, { message: 'Idempotency-Key was used for another request already' });
  return JSON.parse(given.answer);
}
