/**
 * Messages whose sessions end or stand still, perhaps because of the message itself. A delivery whose last attempt was cut or never answered is tried
 * beside few others like it, so that such mail does not fill the path when it comes back. When that happens to several recipients of one message and
 * none gets through, the message is deferred at that path for as long as a path would be suspended. What must not be tried yet is in the deferred queue.
 */
import type { Logger } from 'pino';
import { type Clock, type Delivery, plainTime, SECOND } from '#core';
import type { Queue } from '#queue';
import { type Path, type Reach, SUSPENSIONS } from '../paths/paths.js';
import { makeDeferredQueue } from '../sources/deferred-queue.js';

export interface StallingMessages {
  /** False: it must not be tried there now, and was deferred. True: the caller calls left() later. */
  admit(path: Path, delivery: Delivery): boolean;
  /** The message keeps its session waiting. */
  still(path: Path, delivery: Delivery): void;
  /** It stands beside the path's window, where it takes no place from others. */
  beside(path: Path, delivery: Delivery): void;
  /** What an attempt showed. */
  note(path: Path, delivery: Delivery, reach: Reach): void;
  /** Its attempt is over, whatever came of it. */
  left(path: Path, delivery: Delivery): void;
  /** Why a delivery that was deferred waits, for people. */
  explain(site: string, delivery: Delivery): string | undefined;
  stop(): void;
}

export interface StallingMessagesDeps {
  queue: Pick<Queue, 'defer' | 'bringBack'>;
  clock: Clock;
  logger: Logger;
}

/** Part of a path's window that may try again what was cut or not answered. */
const SHARE = 4;
/** So many recipients of one message are enough to blame it. */
const ENOUGH = 3;
/** Time between two looks at those that wait for a place, ms. */
const LOOK_AGAIN = SECOND;
const MAX_MESSAGES = 10_000;

/** A message at a path. */
interface Trouble {
  readonly path: Path;
  readonly message: number;
  /** Deliveries whose sessions it cut or kept waiting, until they are enough. */
  readonly seen: Set<number>;
  /** How often in a row it was deferred, and until when (monotonic, ms). */
  deferrals: number;
  until: number;
  /** The delivery that finds out whether it gets through now. */
  probe: number | undefined;
}

interface Retries {
  readonly running: Set<number>;
  timer: NodeJS.Timeout | undefined;
}

const keyOf = ({ source, site }: Path, message: number) => `${source} ${site} ${message}`;
const gateOf = ({ source, site }: Path) => `${source} ${site}`;

export function makeStallingMessages({ queue, clock, logger }: StallingMessagesDeps): StallingMessages {
  const deferred = makeDeferredQueue({ queue, clock });
  const troubles = new Map<string, Trouble>();
  const retries = new Map<Path, Retries>();

  const isFull = (path: Path) => (retries.get(path)?.running.size ?? 0) >= Math.max(1, Math.floor(path.window / SHARE));
  const leftOf = ({ until }: Trouble) => until - clock.monotonic();

  function defer(key: string, delivery: Delivery, waitMs: number | undefined): false {
    const recheckAt = waitMs === undefined ? undefined : clock.now() + waitMs;
    deferred.defer(key, delivery, { kind: 'wait', until: recheckAt ?? clock.now(), recheckAt, why: '' });
    return false;
  }

  function troubleOf(path: Path, message: number): Trouble {
    const key = keyOf(path, message);
    const trouble = troubles.get(key) ?? { path, message, seen: new Set(), deferrals: 0, until: 0, probe: undefined };
    troubles.set(key, trouble);
    for (const oldest of troubles.keys()) {
      if (troubles.size <= MAX_MESSAGES) break;
      troubles.delete(oldest);
      deferred.bringBack(oldest);
    }
    return trouble;
  }

  /** Each recipient counts once, and only one that is tried again may make the time longer. */
  function blame(path: Path, { id, message }: Delivery): void {
    const trouble = troubleOf(path, message);
    if (leftOf(trouble) > 0) return;
    trouble.seen.add(id);
    if (trouble.deferrals > 0 ? trouble.probe !== id : trouble.seen.size < ENOUGH) return;
    const length = SUSPENSIONS[Math.min(trouble.deferrals, SUSPENSIONS.length - 1)] ?? 0;
    Object.assign(trouble, { deferrals: trouble.deferrals + 1, until: clock.monotonic() + length });
    trouble.seen.clear();
    logger.info(
      { source: path.source, site: path.site, message, seconds: length / SECOND },
      'message is left alone: its sessions are cut or not answered',
    );
    // Deliveries that waited for the result of the probe.
    deferred.bringBack(keyOf(path, message));
  }

  /** At most once a second: each look reads all that wait. */
  function lookAgain(path: Path, state: Retries): void {
    state.timer ??= setTimeout(() => {
      state.timer = undefined;
      if (state.running.size === 0) retries.delete(path);
      deferred.bringBack(gateOf(path));
    }, LOOK_AGAIN).unref();
  }

  function free(path: Path, id: number): void {
    const state = retries.get(path);
    if (state?.running.delete(id) === true) lookAgain(path, state);
  }

  return {
    admit(path, delivery) {
      const { id, message, last } = delivery;
      const trouble = troubles.get(keyOf(path, message));
      if (trouble !== undefined && leftOf(trouble) > 0) return defer(keyOf(path, message), delivery, leftOf(trouble));
      if (trouble?.probe !== undefined) return defer(keyOf(path, message), delivery, undefined);
      if (last?.unanswered === true) {
        if (isFull(path)) return defer(gateOf(path), delivery, undefined);
        const state = retries.get(path) ?? { running: new Set(), timer: undefined };
        retries.set(path, state);
        state.running.add(id);
      }
      if (trouble !== undefined && trouble.deferrals > 0) trouble.probe = id;
      return true;
    },
    still: blame,
    beside: (path, { id }) => free(path, id),
    note(path, delivery, reach) {
      // Whatever a peer says is an answer, also that it is closing.
      if (reach === 'cut') blame(path, delivery);
      else if (reach === 'reached' && troubles.delete(keyOf(path, delivery.message))) deferred.bringBack(keyOf(path, delivery.message));
    },
    left(path, { id, message }) {
      free(path, id);
      const trouble = troubles.get(keyOf(path, message));
      if (trouble?.probe !== id) return;
      trouble.probe = undefined;
      deferred.bringBack(keyOf(path, message));
    },
    explain(site, { message, last }) {
      for (const trouble of troubles.values()) {
        if (trouble.message !== message || trouble.path.site !== site || trouble.deferrals === 0) continue;
        const left = leftOf(trouble);
        const until = left > 0 ? `until ${plainTime(clock.now() + left)}` : 'while one recipient of it is tried';
        return `${site} has cut or not answered its sessions with this message, which is left alone ${until}`;
      }
      if (last?.unanswered !== true) return undefined;
      const isWaiting = [...retries.keys()].some((path) => path.site === site && isFull(path));
      return isWaiting ? `as much mail that ${site} has cut or not answered before is being tried as may be at a time` : undefined;
    },
    stop() {
      deferred.stop();
      for (const { timer } of retries.values()) clearTimeout(timer);
    },
  };
}
