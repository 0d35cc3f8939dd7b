/** Third stage: what takes messages in, keeps them and delivers them. Mail that waits is on its way when it resolves. */
import { join } from 'node:path';
import { makeSteadyClock } from '#core';
import { addDeliveryMetrics, makeDeliveryEngine, makeWarmups, type Warmups } from '#delivery';
import { type Directory, makeDirectory } from '#directory';
import {
  addEventMetrics,
  countAttempts,
  type EventLog,
  makeEventLog,
  makeEventLogReader,
  makeOutboxPump,
  makeRecorder,
  makeTranscriptLog,
  type OutboxPump,
  type TranscriptLog,
} from '#events';
import {
  addIntakeMetrics,
  countAccepted,
  type Intake,
  makeDailyUsage,
  makeIntake,
  makePreferredSendTime,
  makePressure,
  makeResend,
  type Pressure,
  type Resend,
  readMemory,
} from '#intake';
import { makeStoredMessages, type StoredMessages } from '#messages';
import { addQueueMetrics, makeQueue, makeSuspects, type Queue } from '#queue';
import { makeDiskRoom, startSweeping } from '#store';
import { addWebhookMetrics, makeCallQueue } from '#webhooks';
import { makeWorkers, type Workers } from '#workers';
import type { Network } from './network.js';
import type { StageContext } from './stage-context.js';
import type { Storage } from './storage.js';

export interface Engine {
  directory: Directory;
  events: EventLog;
  transcripts: TranscriptLog;
  pump: OutboxPump;
  pressure: Pressure;
  queue: Queue;
  intake: Intake;
  stored: StoredMessages;
  resend: Resend;
  warmups: Warmups;
  workers: Workers;
}

export async function startEngine(stage: StageContext, serverKey: Uint8Array, storage: Storage, network: Network): Promise<Engine> {
  const { config, rules, logger, clock, registry, start } = stage;
  const { dataDir, hostname } = config;
  const { stores, ids } = storage;
  const { spool } = stores;

  const addresses = config.delivery.sources;
  const directory = makeDirectory({ store: stores.directory, clock, hostname, serverKey, dns: network.freshDns, addresses });
  await refuseEmptyDirectory(directory, dataDir);

  const suspects = await start({
    name: 'suspects',
    start: () => makeSuspects({ dataDir, clock, logger, ...stage.testing }),
    stop: (_graceMs, made) => made.stop(),
  });
  const workers = await start({ name: 'workers', start: () => makeWorkers(), stop: (_graceMs, made) => made.stop() });
  const warmups = makeWarmups({ store: spool, clock, logger });
  await start({ name: 'warm-ups', start: warmups.load, stop: warmups.stop });
  await start({
    name: 'retention',
    start: () => startSweeping({ stores, clock: makeSteadyClock(clock), logger }),
    stop: (_graceMs, stop) => stop(),
  });

  const recorder = countAttempts(registry, clock, makeRecorder({ clock }));
  const events = makeEventLog({ store: stores.events, clock });
  const pump = makeOutboxPump({ spool, readers: [makeEventLogReader({ ...stores, logger })], logger });
  const onEvents = pump.wake;
  const accountId = directory.accounts.publicId;
  const queue = makeQueue({ suspects, spool, clock, ids, recorder, logger, accountId, onEvents });
  addQueueMetrics({ registry, spool, queue, pump, clock });
  const { limits } = config;
  const pressure = makePressure({ spool, room: makeDiskRoom(dataDir), logger, limits, memory: readMemory, relieve: queue.relieve });
  addIntakeMetrics(registry, pressure);
  await start({ name: 'pressure', start: pressure.start, stop: pressure.stop });
  await start({ name: 'outbox', start: pump.start, stop: pump.stop });

  const intake = countAccepted(
    registry,
    makeIntake({
      pressure,
      directory,
      queue,
      workers,
      spool,
      recorder,
      usage: makeDailyUsage({ spool, limit: limits.unverifiedDomainPerDay }),
      clock,
      ids,
      hostname,
      serverKey,
      logger,
      onEvents,
      preferredSendTime: makePreferredSendTime({ habitsOf: async () => undefined }),
      limits: { ...limits, privateUrls: config.webhooks.allowPrivateNetworks },
    }),
  );
  const stored = makeStoredMessages({ spool, workers, clock });
  const resend = makeResend({ stored, intake });

  const transcripts = await start({
    name: 'transcripts',
    start: () => makeTranscriptLog({ store: stores.events, logger }),
    stop: (_graceMs, log) => log.stop(),
  });
  addEventMetrics(registry, transcripts);
  const calls = makeCallQueue({ store: stores.events, http: network.webhookHttp, clock, logger });
  addWebhookMetrics(registry, calls);
  await start({ name: 'calls to customers', start: calls.start, stop: calls.stop });

  const delivery = makeDeliveryEngine({
    queue,
    directory,
    spool,
    workers,
    recorder,
    dns: network.dns,
    mtaSts: network.mtaSts,
    dane: network.dane,
    bounceRules: rules.bounces,
    shapingRules: rules.shaping,
    clock,
    logger,
    transcripts,
    warmups,
    calls,
    suspects,
    note: stage.note,
    options: {
      hostname,
      ownWord: stage.ownWord,
      ...config.delivery,
      extraCa: network.extraCa,
      concurrencyTotal: network.room().lanes,
    },
  });
  addDeliveryMetrics(registry, delivery);
  await start({
    name: 'delivery',
    carriesMail: true,
    async start() {
      await delivery.restore();
      delivery.start();
    },
    stop: delivery.stop,
  });
  await start({
    name: 'queue',
    carriesMail: true,
    async start() {
      await queue.start();
      suspects.start(queue.bringBack);
    },
    stop: queue.stop,
  });
  return { directory, events, transcripts, pump, pressure, queue, intake, stored, resend, warmups, workers };
}

async function refuseEmptyDirectory(directory: Directory, dataDir: string): Promise<void> {
  if ((await directory.accounts.count()) > 0) return;
  const mend = 'restore it from a backup, or move everything in the folder away and run "mailwagon init"';
  throw new Error(`${join(dataDir, 'directory.db')} is new or empty, but the folder was in use before: ${mend}`);
}
