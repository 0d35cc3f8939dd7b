/** What sites are called; pure. */

/**
 * Names a site by what is behind it: the set of mail exchangers, so that all domains that are hosted together share windows, limits and memory. The
 * names are written with their common end once: `(alt1|alt2).mx.example.com`. Different sets have different names.
 */
export function siteName(exchangers: Iterable<string>): string {
  const names = [...new Set(exchangers)].sort();
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const labels = names.map((name) => name.split('.').reverse());
  const longest = Math.min(...labels.map(({ length }) => length)) - 1;
  let shared = 0;
  while (shared < longest && labels.every((name) => name[shared] === labels[0]?.[shared])) shared += 1;
  const own = labels.map((name) => name.slice(shared).reverse().join('.'));
  const end = labels[0]?.slice(0, shared).reverse() ?? [];
  return [`(${own.join('|')})`, ...end].join('.');
}

/** Site of a destination that nobody is known to take mail for; only its own deliveries wait there. */
export const nobody = (destination: string): string => `unresolved:${destination}`;
export const isNobody = (site: string): boolean => site.startsWith('unresolved:');
export const destinationOfNobody = (site: string): string => site.slice('unresolved:'.length);
