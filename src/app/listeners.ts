/** Last stage: where clients connect. */
import { makeApi } from '#api';
import { listenerText, packageVersion } from '#config';
import {
  addHttpMetrics,
  countHttpConnections,
  countRequests,
  makeConnectionGuard,
  makeHttpListeners,
  makeOpenPages,
  makeReadiness,
  makeRequestListener,
  type ReadinessDeps,
} from '#http';
import { addSmtpMetrics, countSmtp, defaultSmtpLimits, makeSmtpServer } from '#smtp';
import type { Engine } from './engine.js';
import type { Network } from './network.js';
import type { StageContext } from './stage-context.js';
import type { Storage } from './storage.js';

export interface Listeners {
  /** Where it listens, `host:port`. */
  addresses: { smtp: string[]; smtps: string[]; http: string[] };
  /** Reads the TLS files again. */
  reload(): Promise<void>;
}

export interface ListenersDeps {
  storage: Storage;
  network: Network;
  engine: Engine;
  phase: ReadinessDeps['phase'];
}

export async function startListeners(stage: StageContext, { storage, network, engine, phase }: ListenersDeps): Promise<Listeners> {
  const { config, logger, clock, registry, start, ownWord } = stage;
  const { hostname, limits } = config;
  const { directory, intake, pump, pressure } = engine;
  const { isTrusted, room } = network;
  const looseDots = (domain: string) => stage.rules.looseDots.has(domain);
  const places = (limit: number | 'auto', most: () => number) => (limit === 'auto' ? most() : limit);

  const smtp = makeSmtpServer({
    listeners: [
      ...config.listen.smtp.map((listener) => ({ address: listenerText(listener), implicitTls: false })),
      ...config.listen.smtps.map((listener) => ({ address: listenerText(listener), implicitTls: true })),
    ],
    tls: network.serverTls,
    hostname,
    ownWord,
    directory,
    intake,
    isTrusted,
    looseDots,
    clock,
    logger,
    limits: {
      ...defaultSmtpLimits,
      connectionsPerClient: limits.connectionsPerAddress,
      get connections() {
        return places(limits.smtpConnections, () => room().inbound);
      },
    },
    observer: countSmtp(registry),
  });
  addSmtpMetrics(registry, smtp);
  const smtpAddresses = await start({ name: 'smtp', carriesMail: true, start: smtp.start, stop: smtp.stop });

  const guard = makeConnectionGuard({
    limits: {
      connectionsPerClient: limits.connectionsPerAddress,
      get connections() {
        return places(limits.httpConnections, () => room().http);
      },
    },
    clock,
    isTrusted,
    observe: countHttpConnections(registry),
  });
  addHttpMetrics(registry, guard);
  const api = makeApi({
    directory,
    intake,
    stored: engine.stored,
    resend: engine.resend,
    queue: engine.queue,
    events: engine.events,
    transcripts: engine.transcripts,
    warmups: engine.warmups,
    workers: engine.workers,
    observe: countRequests(registry),
    note: stage.note,
    clock,
    looseDots,
    logger,
    hostname,
    version: packageVersion(),
    tempDir: storage.tempDir,
    limits: { requestsPerMinute: limits.apiRequestsPerMinute },
  });
  const readiness = makeReadiness({
    clock,
    phase,
    probeStore: storage.stores.spool.probe,
    areEventsLost: pump.isBeyond,
    isAccepting: () => pressure.state().accepting,
  });
  const openPages = makeOpenPages({ readiness, metrics: registry.render, requireOperator: api.requireOperator });
  const http = makeHttpListeners({
    addresses: config.listen.http,
    listener: makeRequestListener({ parts: [api.part, openPages], logger }),
    guard,
  });
  const httpAddresses = await start({ name: 'http', carriesMail: true, start: http.start, stop: http.stop });

  const smtpText = (implicitTls: boolean) => smtpAddresses.filter((address) => address.implicitTls === implicitTls).map(listenerText);
  return {
    addresses: { smtp: smtpText(false), smtps: smtpText(true), http: httpAddresses.map(listenerText) },
    reload: async () => smtp.reloadTls(await network.loadTls()),
  };
}
