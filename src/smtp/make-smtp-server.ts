/** The SMTP server: builds the listeners, ends sessions that pass a deadline, and stops in good order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock, LooseDots } from '#core';
import type { Directory } from '#directory';
import type { Intake } from '#intake';
import { makeConnectionCounter } from '#net';
import { makeAuthBrake } from './auth-brake.js';
import type { SmtpLimits } from './limits.js';
import { checkServerLibrary } from './server-adapter.js';
import { noObserver, type ServerContext, type SmtpObserver } from './server-context.js';
import { SmtpListener, type TlsPair } from './smtp-listener.js';

export interface SmtpServerDeps {
  /** `address` is `host:port`, an IPv6 host in brackets; port 0 picks a free one. */
  listeners: { address: string; implicitTls: boolean }[];
  tls: TlsPair;
  /** What the server calls itself in the greeting. */
  hostname: string;
  /** A word in the greeting that no other server says, so that this server knows itself when it connects to itself. */
  ownWord?: string;
  directory: Pick<Directory, 'credentials' | 'domains'>;
  intake: Intake;
  /** Clients in these networks send without AUTH, from hosted domains only. */
  isTrusted(ip: string): boolean;
  /** At these domains recipients may have dots anywhere (`a..b@docomo.ne.jp`). */
  looseDots: LooseDots;
  clock: Clock;
  logger: Logger;
  limits: SmtpLimits;
  /** Told of connections and logins. */
  observer?: SmtpObserver;
}

export interface SmtpAddress {
  host: string;
  port: number;
  implicitTls: boolean;
}

export interface SmtpServer {
  /**
   * Gives the addresses in the order of the configuration. Rejects with the system's error (`EADDRINUSE`, …, with `address` and `port`); it listens
   * nowhere then.
   */
  start(): Promise<SmtpAddress[]>;
  /**
   * Accepts no more. Idle sessions get 421 4.3.2 at once. A client that is sending a message may finish within `graceMs`, and gets its answer first.
   * Resolves when every connection is gone.
   */
  stop(graceMs: number): Promise<void>;
  /** Connections open now. */
  connections(): number;
  /** New handshakes show the new certificate; existing sessions stay. Throws if the pair cannot be used, and keeps the old one. */
  reloadTls(pair: TlsPair): void;
}

/** How long a 421 may take to be sent after the grace is over, ms. */
const LAST_WORDS_MS = 500;

/** Throws if the installed smtp-server library lacks members that the adapter needs. */
export function makeSmtpServer(deps: SmtpServerDeps): SmtpServer {
  checkServerLibrary();
  let stopping = false;
  let sweeper: NodeJS.Timeout | undefined;
  const { hostname, ownWord, directory, intake, clock, logger, limits, observer = noObserver } = deps;
  const context: ServerContext = {
    hostname,
    ownWord,
    directory,
    intake,
    clock,
    logger,
    limits,
    isTrusted: (ip) => deps.isTrusted(ip),
    looseDots: deps.looseDots,
    connections: makeConnectionCounter(limits),
    brake: makeAuthBrake({ clock, limits, credentials: directory.credentials }),
    observer,
    isStopping: () => stopping,
  };
  const listeners = deps.listeners.map(({ address, implicitTls }) => ({
    address,
    server: new SmtpListener(context, implicitTls, deps.tls),
  }));

  return {
    async start() {
      const addresses: SmtpAddress[] = [];
      try {
        for (const { address, server } of listeners) addresses.push(await server.start(...hostAndPort(address)));
      } catch (error) {
        await Promise.all(listeners.map(({ server }) => server.stop()));
        throw error;
      }
      sweeper = setInterval(() => {
        const now = clock.monotonic();
        for (const { server } of listeners) server.sweep(now);
      }, sweepEvery(limits)).unref();
      return addresses;
    },

    async stop(graceMs) {
      stopping = true;
      const gone = Promise.all(listeners.map(({ server }) => server.stop()));
      const cancel = new AbortController();
      const wait = (ms: number) => sleep(ms, undefined, { signal: cancel.signal }).catch(() => undefined);
      const forced = wait(graceMs).then(async () => {
        if (cancel.signal.aborted) return;
        for (const { server } of listeners) server.kill();
        await wait(LAST_WORDS_MS);
        for (const { server } of listeners) server.destroy();
      });
      await gone;
      cancel.abort();
      await forced;
      clearInterval(sweeper);
    },

    connections: () => context.connections.open(),

    reloadTls(pair) {
      for (const { server } of listeners) server.reloadTls(pair);
    },
  };
}

/** Often enough for the shortest deadline, at most once a second otherwise. */
function sweepEvery(limits: SmtpLimits): number {
  const shortest = Math.min(limits.handshakeMs, limits.commandMs, limits.messageMs, limits.sessionMs);
  return Math.max(10, Math.min(1000, shortest / 4));
}

function hostAndPort(address: string): [string, number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(colon + 1))];
}
