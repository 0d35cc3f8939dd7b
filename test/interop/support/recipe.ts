/** The recipes of docs/relayhost.md as its readers use them: a block by its name, with the words in capitals replaced. */
import { readFileSync } from 'node:fs';

const PAGE = new URL('../../../docs/relayhost.md', import.meta.url);

export interface Words {
  HOST: string;
  PORT: number;
  SMTPS_PORT: number;
  LOGIN: string;
  PASSWORD: string;
  RECIPIENT: string;
}

/** Throws when the page has no recipe of that name. */
export function recipe(name: string, words: Words): string {
  const page = readFileSync(PAGE, 'utf8');
  const start = page.indexOf(`<!-- recipe: ${name} -->\n`);
  const [, text] = /^<!--[^\n]*\n```[a-z]*\n([\s\S]*?)\n```/.exec(start < 0 ? '' : page.slice(start)) ?? [];
  if (text === undefined) throw new Error(`docs/relayhost.md has no recipe "${name}"`);
  return text.replace(/\b(?:SMTPS_PORT|HOST|PORT|LOGIN|PASSWORD|RECIPIENT)\b/g, (word) => String(words[word as keyof Words]));
}
