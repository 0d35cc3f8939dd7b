/** Tells whether two requests ask for the same: what they are called with, not how it was encoded on the way. */
import { createHash } from 'node:crypto';
import type { Form } from '../body/form.js';
import type { Upload } from '../body/upload.js';

/** SHA-256 in hex over the endpoint and every parameter with its values and files. The order of parameters says nothing, that of values does. */
export async function fingerprintOf(endpoint: string, form: Form): Promise<string> {
  const facts: unknown[] = [endpoint];
  for (const name of form.names().toSorted()) facts.push([name, form.texts(name), await Promise.all(form.files(name).map(factsOf))]);
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

async function factsOf({ filename, contentType, open }: Upload): Promise<string[]> {
  const hash = createHash('sha256');
  for await (const chunk of open()) hash.update(chunk as Uint8Array);
  return [filename, contentType, hash.digest('hex')];
}
