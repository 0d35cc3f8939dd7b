/** Finds the domains of what reads like addresses in a display name: whoever sees the name may take one of them for the sender. */
import { parseDomain } from '#core';

// Letters, digits, dots and hyphens, and what is beyond ASCII.
const DOMAIN_RUN = /^[\w.\-\u0080-\uffff]{1,255}/;
const ASCII_RUN = /^[\w.-]+/;
const BLANK = /\s/;
/** Characters that nobody sees, which may stand between those that are seen. */
const INVISIBLE = /\p{Cf}/gu;

/** In lower-case ASCII, for every reading: blanks around the at-sign, look-alikes of it, hidden characters, text that joins the domain. Linear. */
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
    // A handle (`@acme`) has nothing in front of its at-sign.
    if (wordEnd >= 0) for (const name of [run, ASCII_RUN.exec(run)?.[0] ?? '']) addDomain(domains, name);
    // Neither text before the blanks nor these are looked at twice.
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
