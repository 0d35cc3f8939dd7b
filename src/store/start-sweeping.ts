/** Applies the retention rules while the server runs: a bounded piece at a time, so that mail never waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, MINUTE } from '#core';
import type { Stores } from './stores.js';

const EVERY_MS = 10 * MINUTE;
const BETWEEN_PIECES_MS = 50;

/** Gives the function that ends the sweeping. Its promise resolves when the current piece is done. */
export function startSweeping(deps: { stores: Pick<Stores, 'spool' | 'events'>; clock: Clock; logger: Logger }): () => Promise<void> {
  const { stores, clock, logger } = deps;
  const stopping = new AbortController();
  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);

  async function sweep(name: string, store: { sweep(now: number): Promise<boolean> }): Promise<void> {
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        more = await store.sweep(clock.now());
      } catch (error) {
        logger.error({ err: error, store: name }, 'old data could not be removed; trying again later');
      }
      await pause(more ? BETWEEN_PIECES_MS : EVERY_MS);
    }
  }

  const sweeping = Promise.all([sweep('spool', stores.spool), sweep('events', stores.events)]);
  return async () => {
    stopping.abort();
    await sweeping;
  };
}
