/** Paths that are suspended: their mail waits in the queue. When the time is over, a single lane finds out whether the path works again. */
import type { Logger } from 'pino';
import type { Clock } from '#core';
import { destinationOfNobody, isNobody, type Routes } from '#routing';
import type { Path, Paths } from '../paths/paths.js';
import type { ReadyQueue } from '../sources/ready-queue.js';

export interface Suspensions {
  /** The path is suspended until its `suspendedUntil`. Called again, that time replaces the earlier one. */
  begin(path: Path, why: string): void;
  /** The path works again, or its time is over. */
  end(path: Path): void;
  /** Tells the queue again, which may have forgotten the site. True when the path is suspended. */
  remind(path: Path): boolean;
  size(): number;
  /** No path is woken any more. */
  stop(): void;
}

export interface SuspensionsDeps {
  readyQueue: Pick<ReadyQueue, 'suspend' | 'resume'>;
  paths: Pick<Paths, 'resume'>;
  routes: Pick<Routes, 'resolve'>;
  clock: Clock;
  logger: Logger;
}

/** What a timer may wait at most, ms. */
const LONGEST_SLEEP = 2 ** 31 - 1;

export function makeSuspensions({ readyQueue, paths, routes, clock, logger }: SuspensionsDeps): Suspensions {
  const suspended = new Map<Path, { timer: NodeJS.Timeout; why: string }>();
  let isStopped = false;

  /** A destination that nobody takes mail for is looked up first: its mail may go elsewhere now. */
  async function probe(path: Path): Promise<void> {
    if (path.suspendedUntil > clock.now()) {
      const why = suspended.get(path)?.why;
      if (why !== undefined) begin(path, why);
      return;
    }
    if (isNobody(path.site)) await routes.resolve(destinationOfNobody(path.site));
    if (!suspended.has(path) || isStopped) return;
    paths.resume(path);
    end(path);
  }

  function begin(path: Path, why: string): void {
    if (isStopped) return;
    const { source, site, suspendedUntil: until } = path;
    const known = suspended.get(path);
    clearTimeout(known?.timer);
    if (known?.why !== why) logger.info({ source, site, until, why }, 'path is left alone');
    readyQueue.suspend(path, until, why);
    const timer = setTimeout(() => void probe(path), Math.min(LONGEST_SLEEP, Math.max(0, until - clock.now())));
    suspended.set(path, { timer: timer.unref(), why });
  }

  function end(path: Path): void {
    clearTimeout(suspended.get(path)?.timer);
    suspended.delete(path);
    if (!isStopped) readyQueue.resume(path);
  }

  return {
    begin,
    end,
    remind(path) {
      const known = suspended.get(path);
      if (known !== undefined) readyQueue.suspend(path, path.suspendedUntil, known.why);
      return known !== undefined;
    },
    size: () => suspended.size,
    stop() {
      isStopped = true;
      for (const { timer } of suspended.values()) clearTimeout(timer);
    },
  };
}
