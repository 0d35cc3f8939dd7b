/** Whose request this is, as an IP address. */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const isLoopback = (address: string) => address === '::1' || address.startsWith('127.');

/**
 * The peer's address. A reverse proxy on this machine is believed about the client it names last in X-Forwarded-For
 * (the entry it added itself); nobody else is.
 */
export function clientAddress(request: IncomingMessage): string {
  const peer = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (!isLoopback(peer)) return peer;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return forwarded && isIP(forwarded) ? forwarded : peer;
}
