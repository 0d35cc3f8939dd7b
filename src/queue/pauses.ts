/** Pauses: an account's mail to a site, or a destination's mail, is not taken until a time, by a rule about a peer's reply. Kept in memory only; each ends by itself. */
import type { Clock } from '#core';
import type { Flow } from './flows/flows.js';

/** What a pause covers: mail that fits every field that is given. */
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
  /** A pause that has this filter already is prolonged. */
  add(pause: Pause): void;
  stop(): void;
}

/** A timer is set for this long at most, ms. */
const LONGEST_SLEEP = 60_000;

/** Which fields a filter has. */
const formOf = ({ account, destination, site }: PauseFilter) =>
  (account === undefined ? 0 : 1) + (destination === undefined ? 0 : 2) + (site === undefined ? 0 : 4);

/** Unique, because only the site, which comes last, may have spaces in its name. */
const keyOf = (form: number, { account, destination, site }: PauseFilter) =>
  `${form & 1 ? account : ''} ${form & 2 ? destination : ''} ${form & 4 ? site : ''}`;

export function makePauses({ clock, onEnd }: { clock: Clock; onEnd: () => void }): Pauses {
  /** By the fields they have: to look for one costs one look-up for each kind of filter, however many pauses there are. */
  const forms = new Map<number, Map<string, Pause>>();
  let timer: NodeJS.Timeout | undefined;
  let nextEnd = Number.POSITIVE_INFINITY;

  function arm(until: number): void {
    if (until >= nextEnd) return;
    clearTimeout(timer);
    nextEnd = until;
    timer = setTimeout(end, Math.min(LONGEST_SLEEP, Math.max(0, until - clock.now())));
    timer.unref();
  }

  function end(): void {
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    let ended = 0;
    for (const [form, pauses] of forms) {
      for (const [key, { until }] of pauses) {
        if (until > now) next = Math.min(next, until);
        else if (pauses.delete(key)) ended += 1;
      }
      if (pauses.size === 0) forms.delete(form);
    }
    nextEnd = Number.POSITIVE_INFINITY;
    arm(next);
    if (ended > 0) onEnd();
  }

  return {
    find({ account, home }) {
      if (forms.size === 0) return undefined;
      const now = clock.now();
      const filter = { account, destination: home.name, site: home.site?.name };
      for (const [form, pauses] of forms) {
        const pause = pauses.get(keyOf(form, filter));
        if (pause !== undefined && pause.until > now) return pause;
      }
      return undefined;
    },
    add(pause) {
      const form = formOf(pause);
      const pauses = forms.get(form) ?? new Map<string, Pause>();
      forms.set(form, pauses);
      const key = keyOf(form, pause);
      if ((pauses.get(key)?.until ?? 0) < pause.until) pauses.set(key, pause);
      arm(pause.until);
    },
    stop: () => clearTimeout(timer),
  };
}
