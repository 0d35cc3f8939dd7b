/**
 * The Idempotency-Key header: the first answer to a request that sent something is given again for a day, whatever happened to the server meanwhile,
 * and nothing is sent twice. A refusal is not remembered: the client may mend the request and try again with the same key.
 */
import { createHash } from 'node:crypto';
import { badRequest, StoreError } from '#core';
import { ErrorAnswer, type Upload } from '#http';
import type { Once } from '#intake';
import type { DomainRecord, IdempotencyRecord } from '#store';
import type { ApiRequest, Services } from './define-endpoint.js';

export type RequestOnce = Pick<Once, 'key' | 'fingerprint'>;

const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** `send` passes on to intake what it is given. Refusal 400 for a bad key; 422 for a key that was used for another request. */
export async function answerOnce(
  request: ApiRequest,
  { intake }: Pick<Services, 'intake'>,
  domain: DomainRecord,
  send: (once: RequestOnce | undefined) => Promise<object>,
): Promise<object> {
  const key = request.header('idempotency-key');
  if (key === undefined) return send(undefined);
  if (!KEY.test(key)) throw badRequest('Idempotency-Key must be 1 to 255 printable ASCII characters');
  const fingerprint = await fingerprintOf(request);
  const known = await intake.idempotencyRecord(domain, key);
  if (known !== undefined) return repeat(known, fingerprint);
  try {
    return await send({ key, fingerprint });
  } catch (error) {
    // A request with this key that came at the same moment was the first.
    const first = error instanceof StoreError && error.kind === 'conflict' ? await intake.idempotencyRecord(domain, key) : undefined;
    if (first === undefined) throw error;
    return repeat(first, fingerprint);
  }
}

function repeat(known: IdempotencyRecord, fingerprint: string): object {
  if (known.fingerprint !== fingerprint) throw new ErrorAnswer(422, { message: 'Idempotency-Key was used for another request already' });
  return JSON.parse(known.answer);
}

/**
 * Equal for requests that ask for the same, however they are encoded: SHA-256 in hex over the endpoint, what its path names, and every parameter with its
 * values and files. Parameters may come in any order, the values of one may not.
 */
async function fingerprintOf({ endpoint, params, form }: ApiRequest): Promise<string> {
  const facts: unknown[] = [endpoint, params];
  for (const name of form.names().toSorted()) facts.push([name, form.texts(name), await Promise.all(form.files(name).map(factsOf))]);
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

async function factsOf({ filename, contentType, open }: Upload): Promise<string[]> {
  const hash = createHash('sha256');
  for await (const chunk of open()) hash.update(chunk as Uint8Array);
  return [filename, contentType, hash.digest('hex')];
}
