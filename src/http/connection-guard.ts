/**
 * Decides who may hold a connection to the HTTP listeners. When all places are taken, or all places of one client, the connection that has been quiet
 * longest is closed to make room; quiet means that no request is on it, or only a part of a request's head. A connection in the middle of a request is
 * never closed for another one, only when its request takes too long.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, MINUTE } from '#core';
import { type ConnectionLimits, clientNetworkOf, isLoopback, makeConnectionCounter } from '#net';

export type ConnectionFate = 'session' | 'refused-total' | 'refused-source' | 'evicted';

export interface ConnectionGuardDeps {
  limits: ConnectionLimits;
  clock: Clock;
  /** Clients without the limit per client. This machine has none either, because proxies run on it. */
  isTrusted?: (ip: string) => boolean;
  observe?: (fate: ConnectionFate) => void;
  /** How long a request may take from its whole head until its answer is taken, ms. */
  exchangeMs?: number;
}

export interface ConnectionGuard {
  /** Open now, all servers together. */
  open(): number;
  /** Guards the connections of a server from now on. All servers that one guard watches share its places. */
  watch(server: Server): void;
}

const EXCHANGE_MS = 10 * MINUTE;
const SWEEPS = 20;

interface Visit {
  socket: Socket;
  ip: string;
  source: string;
  leave: () => void;
  /** Requests on it that are not answered. */
  requests: number;
  /** When the oldest of these requests began; monotonic, ms. */
  since: number;
}

export function makeConnectionGuard(deps: ConnectionGuardDeps): ConnectionGuard {
  const { limits, clock, isTrusted = () => false, observe = () => undefined, exchangeMs = EXCHANGE_MS } = deps;
  const counter = makeConnectionCounter(limits);
  const visits = new WeakMap<Socket, Visit>();
  /** In the order in which they fell quiet. */
  const quiet = new Set<Visit>();
  /** In the order in which they got busy. */
  const busy = new Set<Visit>();

  function evict(why: 'total' | 'source', source: string, isOwn: boolean): boolean {
    for (const visit of quiet) {
      // A stranger never drives out the operator.
      if (why === 'source' ? visit.source !== source : isLoopback(visit.ip) && !isOwn) continue;
      observe('evicted');
      visit.socket.destroy();
      end(visit);
      return true;
    }
    return false;
  }

  function end(visit: Visit): void {
    quiet.delete(visit);
    busy.delete(visit);
    visit.leave();
  }

  function admit(socket: Socket): boolean {
    const ip = socket.remoteAddress;
    if (ip === undefined) {
      socket.destroy();
      return false;
    }
    const isOwn = isLoopback(ip);
    const source = clientNetworkOf(ip);
    const enter = () => counter.enter(ip, isOwn || isTrusted(ip));
    let place = enter();
    // More than one has to go where the limit has become lower.
    while (typeof place === 'string' && evict(place, source, isOwn)) place = enter();
    if (typeof place === 'string') {
      observe(`refused-${place}`);
      refuse(socket, place);
      return false;
    }
    observe('session');
    const visit: Visit = { socket, ip, source, leave: place, requests: 0, since: 0 };
    visits.set(socket, visit);
    quiet.add(visit);
    socket.once('close', () => end(visit));
    return true;
  }

  function onRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const visit = visits.get(socket);
    if (visit === undefined) return;
    if (visit.requests++ === 0) {
      visit.since = clock.monotonic();
      quiet.delete(visit);
      busy.add(visit);
    }
    response.once('close', () => {
      if (--visit.requests > 0 || !busy.delete(visit) || socket.destroyed) return;
      quiet.add(visit);
    });
  }

  function sweep(): void {
    for (const { socket, since } of busy) {
      if (clock.monotonic() - since < exchangeMs) return;
      socket.destroy();
    }
  }

  return {
    open: counter.open,
    watch(server) {
      const serve = server.listeners('connection');
      server.removeAllListeners('connection');
      server.on('connection', (socket: Socket) => {
        if (admit(socket)) for (const listener of serve) listener.call(server, socket);
      });
      server.prependListener('request', onRequest);
      server.prependListener('checkContinue', onRequest);
      const sweeper = setInterval(sweep, exchangeMs / SWEEPS).unref();
      server.once('close', () => clearInterval(sweeper));
    },
  };
}

/** Answers without reading the request. */
function refuse(socket: Socket, why: 'total' | 'source'): void {
  const status = why === 'source' ? '429 Too Many Requests' : '503 Service Unavailable';
  const body = JSON.stringify({ message: `Too many connections${why === 'source' ? ' from your address' : ''}` });
  const head = ['content-type: application/json; charset=utf-8', `content-length: ${body.length}`, 'retry-after: 10', 'connection: close'];
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
