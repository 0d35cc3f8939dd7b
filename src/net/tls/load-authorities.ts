/** Reads certificates from one PEM file. They are trusted in addition to the public authorities. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** One PEM text for each certificate; none if `file` is null. Throws an Error that names the configuration key. */
export async function loadAuthorities(file: string | null): Promise<string[]> {
  if (file === null) return [];
  try {
    const found = (await readFile(file, 'utf8')).match(CERTIFICATE) ?? [];
    if (found.length === 0) throw new Error('it holds no certificate in PEM form');
    for (const pem of found) new X509Certificate(pem);
    return found;
  } catch (error) {
    throw new Error(`delivery.extraCa: "${file}" cannot be used: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
