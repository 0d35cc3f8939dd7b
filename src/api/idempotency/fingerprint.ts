/** Tells whether two requests ask for the same: what they are called with, not how it was encoded on the way. */
import { createHash } from 'node:crypto';
import type { Upload } from '#http';
import type { Call } from '../define-endpoint.js';

/** SHA-256 in hex over the endpoint, what its path names, and every parameter with its values and files. Parameters may come in any order, values not. */
export async function fingerprintOf({ endpoint, params, form }: Pick<Call, 'endpoint' | 'params' | 'form'>): Promise<string> {
  const facts: unknown[] = [endpoint, params];
  for (const name of form.names().toSorted()) facts.push([name, form.texts(name), await Promise.all(form.files(name).map(factsOf))]);
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

async function factsOf({ filename, contentType, open }: Upload): Promise<string[]> {
  const hash = createHash('sha256');
  for await (const chunk of open()) hash.update(chunk as Uint8Array);
  return [filename, contentType, hash.digest('hex')];
}
