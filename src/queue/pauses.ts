/** Mail that is left alone for a while because of what a peer said of an account or a domain: a condition in memory that ends by itself. */
import type { Clock } from '#core';
import type { Flow } from './flows.js';

/** Every field that is given must fit. */
export interface PauseFilter {
  account?: number;
  destination?: string;
  site?: string;
}

export interface Pause extends PauseFilter {
  /** ms since the epoch. */
  until: number;
  why: string;
}

export interface Pauses {
  find(flow: Flow): Pause | undefined;
  /** One of the same filter is prolonged. */
  add(pause: Pause): void;
  stop(): void;
}

/** What a timer may wait at most, ms. */
const LONGEST_SLEEP = 60_000;

export function makePauses({ clock, onEnd }: { clock: Clock; onEnd: () => void }): Pauses {
  const pauses = new Map<string, Pause>();
  let timer: NodeJS.Timeout | undefined;

  const fits = (pause: Pause, { account, home }: Flow) =>
    (pause.account === undefined || pause.account === account) &&
    (pause.destination === undefined || pause.destination === home.name) &&
    (pause.site === undefined || pause.site === home.site?.name);

  function arm(): void {
    clearTimeout(timer);
    if (pauses.size === 0) return;
    const next = Math.min(...[...pauses.values()].map(({ until }) => until));
    timer = setTimeout(end, Math.min(LONGEST_SLEEP, Math.max(0, next - clock.now())));
    timer.unref();
  }

  function end(): void {
    const now = clock.now();
    const { size } = pauses;
    for (const [key, { until }] of pauses) if (until <= now) pauses.delete(key);
    arm();
    if (pauses.size < size) onEnd();
  }

  return {
    find(flow) {
      if (pauses.size === 0) return undefined;
      const now = clock.now();
      for (const pause of pauses.values()) if (pause.until > now && fits(pause, flow)) return pause;
      return undefined;
    },
    add(pause) {
      const { account, destination, site } = pause;
      const key = JSON.stringify([account, destination, site]);
      if ((pauses.get(key)?.until ?? 0) < pause.until) pauses.set(key, pause);
      arm();
    },
    stop: () => clearTimeout(timer),
  };
}
