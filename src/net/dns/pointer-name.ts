/** Where the names of an address are in DNS (RFC 1035 3.5, RFC 3596 2.5); pure. */
/** Gives `1.2.0.192.in-addr.arpa`, or the nibbles under `ip6.arpa`. */
export function pointerName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const digits = [...before, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...after].map((group) => group.padStart(4, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}
