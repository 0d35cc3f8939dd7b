/** Whose request this is, as an IP address. */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '#net';

/**
 * The peer's address. A reverse proxy on this machine is believed about the client it names last in X-Forwarded-For
 * (the entry it added itself); nobody else is.
 */
export function clientAddress(request: IncomingMessage): string {
  const peer = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (!isLoopback(peer)) return peer;
  const chain = request.headers['x-forwarded-for'];
  if (chain === undefined) return peer;
  const forwarded = String(chain).split(',').at(-1)?.trim();
  return forwarded && isIP(forwarded) ? forwarded : peer;
}

/** Headers by which a proxy says that somebody else is asking. */
const FORWARDING = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'] as const;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * True for a program of this machine that asks for itself: no header says that a proxy stands between, and the Host header is a name of this machine.
 * The Host header matters because a web page can point a name of its own at 127.0.0.1.
 */
export function isDirectFromThisMachine(request: IncomingMessage): boolean {
  const peer = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return isLoopback(peer) && LOCAL_HOST.test(request.headers.host ?? '') && FORWARDING.every((name) => request.headers[name] === undefined);
}
