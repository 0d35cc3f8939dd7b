/** The composition root: read it from top to bottom to see what Mailwagon is made of. Builds, starts and stops everything in order; decides nothing. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { makeApi } from '#api';
import { type Config, listenerText, loadBounceRules, loadLooseDots, loadShaping, packageVersion } from '#config';
import { makeIdSource, makeSteadyClock, randomToken, systemClock } from '#core';
import { makeDelivery, makeMergeMessage, makeWarmups } from '#delivery';
import { makeDirectory, readServerKey } from '#directory';
import { makeConversationLog, makeEventLog, makeEventLogReader, makeOutboxPump, makeRecorder } from '#events';
import { makeConnectionGuard, makeHttpListeners, makeOpenPages, makeReadiness, makeRequestListener } from '#http';
import { makeDailyUsage, makeIntake, makePreferredSendTime, makePressure, makeStoredMessages, readMemory } from '#intake';
import { readFileLimit } from '#metrics';
import {
  hasGlobalIpv6,
  loadAuthorities,
  loadServerTls,
  makeCidrMatcher,
  makeConnectionRoom,
  makeDane,
  makeDnsCache,
  makeDnsClient,
  makeHttpClient,
  makeMtaSts,
  makeResolverCheck,
} from '#net';
import { makeQueue, makeSuspects } from '#queue';
import { defaultSmtpLimits, makeSmtpDoor } from '#smtp';
import { makeDiskRoom, openStores, startSweeping } from '#store';
import { makeWatchdog } from '#watchdog';
import { makeCallQueue } from '#webhooks';
import { makeWorkers } from '#workers';
import { makeServerMetrics } from './server-metrics.js';

export interface AppOptions {
  config: Config;
  logger: Logger;
  /** Something failed that cannot be mended while running: exit non-zero, once. */
  onFatal: (error: Error) => void;
  /** Shorter times for tests: until a loop that stands still is ended, and until a suspect is tried again, ms. */
  testing?: { standstillMs?: number; restMs?: number } | undefined;
}

export interface App {
  /** Where it listens, `host:port`. */
  addresses: { smtp: string[]; smtps: string[]; http: string[] };
  /** Finishes or returns what is in flight, then closes the data folder. */
  stop(): Promise<void>;
  /** Reads the TLS files again. */
  reload(): Promise<void>;
}

/** What is in flight at SIGTERM gets this long, ms. */
const GRACE_MS = 30_000;
const DNS_CACHE_ENTRIES = 20_000;
/** Bytes. Delivery keeps its own, so that who reads stored messages costs it none. */
const MERGES_KEPT_FOR_READING = 4 * 1024 * 1024;

export async function startApp({ config, logger, onFatal, testing = {} }: AppOptions): Promise<App> {
  const { dataDir, hostname } = config;
  const clock = systemClock;
  const serverKey = await readServerKey(dataDir);
  if (serverKey === undefined) throw new Error(`data folder ${dataDir} is not initialised: run "mailwagon init" first`);
  const ownWord = randomToken(12);
  const loadTls = () => loadServerTls({ certFile: config.tls.cert, keyFile: config.tls.key, dataDir, hostname, clock });

  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  const metrics = makeServerMetrics({ clock, version: packageVersion() });
  const stores = await openStores({ dataDir, onFatal });
  const watchdog = makeWatchdog(testing);
  const closing: (() => unknown)[] = [() => metrics.stop(), () => watchdog.stop(), () => stores.close()];
  const stopAll = async () => {
    phase = 'stopping';
    for (const close of closing.reverse().splice(0)) await close();
  };

  try {
    const tempDir = join(dataDir, 'tmp');
    await rm(tempDir, { recursive: true, force: true });
    await mkdir(tempDir, { mode: 0o700 });

    const ids = makeIdSource(clock);
    ids.raiseTo(await stores.spool.largestId());
    const dnsClient = makeDnsClient({ servers: [...config.dns.servers], clock });
    const dns = makeDnsCache({ client: dnsClient, clock, maxEntries: DNS_CACHE_ENTRIES });
    // Verifying a domain asks afresh: its owner has just published what was missing a minute ago.
    const directory = makeDirectory({
      store: stores.directory,
      clock,
      hostname,
      serverKey,
      dns: dnsClient,
      addresses: config.delivery.sources,
    });
    if ((await directory.accounts.count()) === 0) {
      const mend = 'restore it from a backup, or move everything in the folder away and run "mailwagon init"';
      throw new Error(`${join(dataDir, 'directory.db')} is new or empty, but the folder was in use before: ${mend}`);
    }

    const recorder = metrics.counting.recorder(makeRecorder({ clock }));
    const events = makeEventLog({ store: stores.events, clock });
    const conversations = makeConversationLog({ store: stores.events, logger });
    const pump = makeOutboxPump({ spool: stores.spool, readers: [makeEventLogReader({ ...stores, logger })], logger });
    const room = makeConnectionRoom({ clock, readLimit: readFileLimit });
    const places = (limit: number | 'auto', most: () => number) => (limit === 'auto' ? most() : limit);
    const suspects = await makeSuspects({ dataDir, clock, logger, ...testing });
    closing.push(() => suspects.stop());
    const queue = makeQueue({
      suspects,
      spool: stores.spool,
      clock,
      ids,
      recorder,
      logger,
      accountId: directory.accounts.publicId,
      onEvents: pump.wake,
    });
    const usage = makeDailyUsage({ spool: stores.spool, limit: config.limits.unverifiedDomainPerDay });
    const pressure = makePressure({
      ...{ spool: stores.spool, room: makeDiskRoom(dataDir), logger, limits: config.limits, memory: readMemory },
      relieve: queue.relieve,
    });
    const workers = makeWorkers();
    closing.push(() => workers.stop());
    const intake = metrics.counting.intake(
      makeIntake({
        ...{
          pressure,
          directory,
          queue,
          workers,
          spool: stores.spool,
          recorder,
          usage,
          clock,
          ids,
          hostname,
          serverKey,
          logger,
          onEvents: pump.wake,
        },
        preferredSendTime: makePreferredSendTime({ habitsOf: async () => undefined }),
        limits: { ...config.limits, privateUrls: config.webhooks.allowPrivateNetworks },
      }),
    );
    const extraCa = await loadAuthorities(config.delivery.extraCa);
    const { allowPrivateNetworks, mtaStsPort } = config.delivery;
    const policyHttp = makeHttpClient({
      dns,
      allowPrivate: allowPrivateNetworks,
      ipv6: allowPrivateNetworks || hasGlobalIpv6(),
      allowPort: (port) => port === mtaStsPort,
      ca: extraCa,
    });
    closing.push(() => policyHttp.close());
    const stsStore = { load: stores.directory.stsPolicies, save: stores.directory.saveStsPolicy };
    const webhookNetwork = { allowPrivate: config.webhooks.allowPrivateNetworks, ca: extraCa };
    const calls = makeCallQueue({
      store: stores.events,
      http: makeHttpClient({ dns, ipv6: webhookNetwork.allowPrivate || hasGlobalIpv6(), ...webhookNetwork }),
      clock,
      logger,
    });
    const warmups = makeWarmups({ store: stores.spool, clock, logger });
    await warmups.load();
    closing.push(() => warmups.stop());
    const delivery = makeDelivery({
      queue,
      directory,
      spool: stores.spool,
      workers,
      recorder,
      dns,
      mtaSts: makeMtaSts({ dns, http: policyHttp, clock, logger, store: stsStore, port: mtaStsPort }),
      dane: makeDane({ dns, isTrusted: makeResolverCheck({ dns, servers: config.dns.servers }).isTrusted }),
      bounceRules: loadBounceRules(config.bounceRules.file),
      shapingRules: loadShaping(config.shaping.file),
      clock,
      logger,
      conversations,
      warmups,
      putCall: calls.put,
      suspects,
      note: watchdog.note,
      options: { hostname, ownWord, ...config.delivery, extraCa, concurrencyTotal: room().lanes },
    });

    const isTrusted = makeCidrMatcher([...config.trustedNetworks]);
    const looseDomains = loadLooseDots(config.addresses.looseDots);
    const looseDots = (domain: string) => looseDomains.has(domain);
    const smtp = makeSmtpDoor({
      listeners: [
        ...config.listen.smtp.map((listener) => ({ address: listenerText(listener), implicitTls: false })),
        ...config.listen.smtps.map((listener) => ({ address: listenerText(listener), implicitTls: true })),
      ],
      tls: await loadTls(),
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
        connectionsPerSource: config.limits.connectionsPerAddress,
        get connections() {
          return places(config.limits.smtpConnections, () => room().inbound);
        },
      },
      observer: metrics.counting.smtp,
    });
    const httpGuard = makeConnectionGuard({
      limits: {
        connectionsPerSource: config.limits.connectionsPerAddress,
        get connections() {
          return places(config.limits.httpConnections, () => room().http);
        },
      },
      clock,
      isTrusted,
      observe: metrics.counting.httpConnection,
    });
    metrics.watch({ stores, queue, pump, delivery, smtp, httpGuard, conversations, pressure, calls });
    const readiness = makeReadiness({
      clock,
      phase: () => phase,
      probeStore: stores.spool.probe,
      areEventsLost: pump.isBeyond,
      isAccepting: () => pressure.state().accepting,
    });
    const mergeMessage = makeMergeMessage({ spool: stores.spool, workers, maxKept: MERGES_KEPT_FOR_READING });
    const api = makeApi({
      directory,
      intake,
      stored: makeStoredMessages({ spool: stores.spool, intake, clock, mergeMessage }),
      queue,
      events,
      conversations,
      warmups,
      workers,
      observe: metrics.counting.api,
      note: watchdog.note,
      clock,
      looseDots,
      logger,
      hostname,
      version: packageVersion(),
      tempDir,
      limits: { requestsPerMinute: config.limits.apiRequestsPerMinute },
    });
    const openPages = makeOpenPages({ readiness, metrics: metrics.render, requireOperator: api.requireOperator });
    const http = makeHttpListeners({
      addresses: config.listen.http,
      listener: makeRequestListener({ parts: [api.part, openPages], logger }),
      guard: httpGuard,
    });

    closing.push(startSweeping({ stores, clock: makeSteadyClock(clock), logger }));
    await pressure.start();
    closing.push(() => pressure.stop());
    await pump.start();
    closing.push(() => pump.stop());
    closing.push(() => conversations.stop());
    await calls.start();
    closing.push(() => calls.stop());
    // The doors and the deliveries have the same grace, not one after the other.
    const busy: ((graceMs: number) => Promise<unknown>)[] = [];
    closing.push(() => Promise.all(busy.map((stop) => stop(GRACE_MS))));
    await delivery.restore();
    delivery.start();
    busy.push((graceMs) => delivery.stop(graceMs));
    await queue.start();
    suspects.start(queue.bringBack);
    closing.push(() => queue.stop());
    const smtpAddresses = await smtp.start();
    busy.push((graceMs) => smtp.stop(graceMs));
    const httpAddresses = await http.start();
    busy.push((graceMs) => http.stop(graceMs));

    phase = 'running';
    const smtpText = (implicitTls: boolean) => smtpAddresses.filter((address) => address.implicitTls === implicitTls).map(listenerText);
    return {
      addresses: { smtp: smtpText(false), smtps: smtpText(true), http: httpAddresses.map(listenerText) },
      stop: stopAll,
      reload: async () => smtp.reloadTls(await loadTls()),
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
