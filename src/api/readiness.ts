/** Whether this server should be sent work: everything it needs is there. Asked by strangers, so the store is tried at most once in a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, SECOND } from '#core';

/** What stands in the way, in words that give nothing away. */
export type Obstacle = 'starting' | 'stopping' | 'store' | 'no room';

export interface Readiness {
  obstacles(): Promise<Obstacle[]>;
}

export interface ReadinessDeps {
  clock: Clock;
  /** `running` once every listener is up. */
  phase: () => 'starting' | 'running' | 'stopping';
  /** Commits something; rejects when that fails. */
  probeStore: () => Promise<void>;
  /** False while there is no room for mail, on disk or in memory. */
  isAccepting: () => boolean;
  /** How long the store may take to answer, ms. */
  patienceMs?: number;
}

const PROBE_EVERY_MS = 2 * SECOND;
const PATIENCE_MS = 2 * SECOND;

export function makeReadiness({ clock, phase, probeStore, isAccepting, patienceMs = PATIENCE_MS }: ReadinessDeps): Readiness {
  let probe: Promise<boolean> | undefined;
  let probedAt = 0;

  /** A store that does not answer is not asked a second time meanwhile. */
  function storeWorks(): Promise<boolean> {
    if (probe === undefined || clock.monotonic() - probedAt > PROBE_EVERY_MS) {
      probedAt = clock.monotonic();
      probe = Promise.race([
        probeStore().then(
          () => true,
          () => false,
        ),
        sleep(patienceMs, false, { ref: false }),
      ]);
    }
    return probe;
  }

  return {
    async obstacles() {
      const now = phase();
      if (now !== 'running') return [now];
      const obstacles: Obstacle[] = [];
      if (!(await storeWorks())) obstacles.push('store');
      if (!isAccepting()) obstacles.push('no room');
      return obstacles;
    },
  };
}
