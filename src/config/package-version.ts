/** The version of this Mailwagon, as its package.json has it. */
import { readFileSync } from 'node:fs';

/** package.json is two folders above the built file, in a clone and in an installed package alike. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
