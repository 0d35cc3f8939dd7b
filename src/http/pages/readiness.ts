/** Says whether this server should be sent work, because everything it needs is there. Strangers may ask, so the store is tried only once in a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, SECOND } from '#core';

/** What stands in the way, in words that give nothing away. */
export type Obstacle = 'starting' | 'stopping' | 'store' | 'events' | 'no room';

export interface Readiness {
  obstacles(): Promise<Obstacle[]>;
}

export interface ReadinessDeps {
  clock: Clock;
  /** `running` once every listener is up. */
  phase: () => 'starting' | 'running' | 'stopping';
  /** Commits something; rejects when that fails. */
  probeStore: () => Promise<void>;
  /** True while events that are committed do not reach the log. Rejects when that cannot be known. */
  areEventsLost: () => Promise<boolean>;
  /** False while there is no room for mail, on disk or in memory. */
  isAccepting: () => boolean;
  /** How long the store may take to answer, ms. */
  patienceMs?: number;
}

const PROBE_EVERY_MS = 2 * SECOND;
const PATIENCE_MS = 2 * SECOND;

export function makeReadiness(deps: ReadinessDeps): Readiness {
  const { clock, phase, probeStore, areEventsLost, isAccepting, patienceMs = PATIENCE_MS } = deps;
  let probe: Promise<Obstacle[]> | undefined;
  let probedAt = 0;

  async function askStore(): Promise<Obstacle[]> {
    await probeStore();
    return (await areEventsLost()) ? ['events'] : [];
  }

  /** A store that does not answer is not asked a second time meanwhile. */
  function ofStore(): Promise<Obstacle[]> {
    if (probe === undefined || clock.monotonic() - probedAt > PROBE_EVERY_MS) {
      probedAt = clock.monotonic();
      const failed: Obstacle[] = ['store'];
      probe = Promise.race([askStore().catch(() => failed), sleep(patienceMs, failed, { ref: false })]);
    }
    return probe;
  }

  return {
    async obstacles() {
      const now = phase();
      if (now !== 'running') return [now];
      const obstacles = await ofStore();
      return isAccepting() ? obstacles : [...obstacles, 'no room'];
    },
  };
}
