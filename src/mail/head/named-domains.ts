/**
 * Finds domains in a display name that contains something like an address. A person who sees the name may believe that the mail is from that domain.
 */
import { parseDomain } from '#core';

// Letters, digits, dots and hyphens, and all characters beyond ASCII.
const DOMAIN_RUN = /^[\w.\-\u0080-\uffff]{1,255}/;
const ASCII_RUN = /^[\w.-]+/;
const BLANK = /\s/;
/** Invisible characters, which may be hidden between visible ones. */
const INVISIBLE = /\p{Cf}/gu;

/**
 * The domains in lower-case ASCII, with every possible reading: blanks around the at-sign, characters that look like an at-sign, hidden characters,
 * and text right behind the domain. Linear time.
 */
export function domainsNamedIn(text: string): Set<string> {
  const domains = new Set<string>();
  const seen = text.normalize('NFKC').replace(INVISIBLE, '');
  let wordEnd = -1;
  for (let index = 0; index < seen.length; index++) {
    if (seen[index] !== '@') {
      if (!BLANK.test(seen[index] as string)) wordEnd = index;
      continue;
    }
    let start = index + 1;
    while (start < seen.length && BLANK.test(seen[start] as string)) start++;
    const run = DOMAIN_RUN.exec(seen.slice(start, start + 255))?.[0] ?? '';
    // Without text before the at-sign it is a handle (`@acme`), not an address.
    if (wordEnd >= 0) for (const name of [run, ASCII_RUN.exec(run)?.[0] ?? '']) addDomain(domains, name);
    // Neither these blanks nor the text before them are looked at twice.
    index = start - 1;
    wordEnd = -1;
  }
  return domains;
}

function addDomain(domains: Set<string>, name: string): void {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === '-')) end--;
  const domain = parseDomain(name.slice(0, end));
  if (domain?.includes('.')) domains.add(domain);
}
