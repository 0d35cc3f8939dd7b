/** Which addresses count as one client: an IPv4 address, or the /64 network of an IPv6 address (a provider gives one customer such a network). */
import { isIPv6 } from 'node:net';

export function clientNetworkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = groupsOf(head);
  if (tail !== undefined) {
    const after = groupsOf(tail);
    while (groups.length + after.length < 8) groups.push('0');
  }
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  if (text === '') return [];
  // A dotted quad at the end stands for two groups. It is never among the first four groups, so its value does not matter.
  return text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}

/** 127.0.0.0/8 and ::1. */
export const isLoopback = (ip: string): boolean => /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(ip) || ip === '::1';
