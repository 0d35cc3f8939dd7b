/** Starts the server in stages, each from what the ones before it made; read it from top to bottom to see what Mailwagon is made of. Decides nothing. */
import type { Logger } from 'pino';
import { type Config, loadBounceRules, loadLooseDots, loadShaping, packageVersion } from '#config';
import { randomToken, systemClock } from '#core';
import { readServerKey } from '#directory';
import { addProcessMetrics, makeRegistry } from '#metrics';
import { makeWatchdog } from '#watchdog';
import { startEngine } from './engine.js';
import { type Listeners, startListeners } from './listeners.js';
import { openNetwork } from './network.js';
import { runParts } from './parts.js';
import type { StageContext } from './stage-context.js';
import { openStorage } from './storage.js';

export interface AppOptions {
  config: Config;
  logger: Logger;
  /** Something failed that cannot be mended while running: exit non-zero, once. */
  onFatal: (error: Error) => void;
  /** Shorter times for tests: until a loop that stands still is ended, and until a suspect is tried again, ms. */
  testing?: { standstillMs?: number; trialAfterMs?: number } | undefined;
}

export interface App extends Listeners {
  /** Finishes or returns what is in flight, then closes the data folder. */
  stop(): Promise<void>;
}

/** What is in flight at SIGTERM gets this long, ms. */
const GRACE_MS = 30_000;

export async function startApp({ config, logger, onFatal, testing = {} }: AppOptions): Promise<App> {
  const { dataDir } = config;
  const serverKey = await readServerKey(dataDir);
  if (serverKey === undefined) throw new Error(`data folder ${dataDir} is not initialised: run "mailwagon init" first`);
  const rules = {
    bounces: loadBounceRules(config.bounceRules.file),
    shaping: loadShaping(config.shaping.file),
    looseDots: loadLooseDots(config.addresses.looseDots),
  };

  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  const { made, stop } = await runParts({ logger, graceMs: GRACE_MS }, async (start) => {
    const registry = makeRegistry();
    await start({
      name: 'process metrics',
      start: () => addProcessMetrics(registry, packageVersion()),
      stop: (_graceMs, end) => end(),
    });
    const { note } = await start({ name: 'watchdog', start: () => makeWatchdog(testing), stop: (_graceMs, watchdog) => watchdog.stop() });
    const stage: StageContext = { config, rules, logger, clock: systemClock, registry, note, ownWord: randomToken(12), testing, start };

    const storage = await openStorage(stage, onFatal);
    const network = await openNetwork(stage, storage);
    const engine = await startEngine(stage, serverKey, storage, network);
    return startListeners(stage, { storage, network, engine, phase: () => phase });
  });
  phase = 'running';
  return {
    addresses: made.addresses,
    reload: made.reload,
    stop() {
      phase = 'stopping';
      return stop();
    },
  };
}
