/** The deliveries that were given to a path and wait for a lane there. Few for each path, because what comes after them may leave by another path. */
import type { Delivery } from '#core';
import type { Path } from '../paths/paths.js';
import type { Taken } from './ready-queue.js';

export interface LaneQueues {
  /** False when the path has enough deliveries: then this one is not kept. */
  add(path: Path, taken: Taken): boolean;
  shift(path: Path): Taken | undefined;
  /** Takes everything that waits for the path. */
  clear(path: Path): Taken[];
  has(path: Path): boolean;
  /** The path that the delivery waits for. */
  pathOf(delivery: Delivery): Path | undefined;
  /** Called once, when the path has room again. */
  onRoom(path: Path, listener: () => void): void;
}

/** Deliveries that may wait for one path; fewer when many wait in all. */
const ROOM = 16;
const ROOM_IN_A_CROWD = 2;
const CROWD = 4000;

interface LaneQueue {
  readonly path: Path;
  waiting: Taken[];
  listeners: (() => void)[];
}

export function makeLaneQueues(): LaneQueues {
  const laneQueues = new Map<string, LaneQueue>();
  let total = 0;

  const keyOf = ({ source, site }: Path) => `${source} ${site}`;
  const room = () => (total > CROWD ? ROOM_IN_A_CROWD : ROOM);

  function of(path: Path): LaneQueue {
    const key = keyOf(path);
    const laneQueue = laneQueues.get(key) ?? { path, waiting: [], listeners: [] };
    laneQueues.set(key, laneQueue);
    return laneQueue;
  }

  function settle(path: Path, laneQueue: LaneQueue): void {
    if (laneQueue.waiting.length > room() / 2) return;
    if (laneQueue.waiting.length === 0) laneQueues.delete(keyOf(path));
    for (const listener of laneQueue.listeners.splice(0)) listener();
  }

  return {
    add(path, taken) {
      const laneQueue = of(path);
      if (laneQueue.waiting.length >= room()) return false;
      laneQueue.waiting.push(taken);
      total += 1;
      return true;
    },
    shift(path) {
      const laneQueue = laneQueues.get(keyOf(path));
      const taken = laneQueue?.waiting.shift();
      if (laneQueue === undefined || taken === undefined) return undefined;
      total -= 1;
      settle(path, laneQueue);
      return taken;
    },
    clear(path) {
      const laneQueue = laneQueues.get(keyOf(path));
      if (laneQueue === undefined) return [];
      const all = laneQueue.waiting.splice(0);
      total -= all.length;
      settle(path, laneQueue);
      return all;
    },
    pathOf({ id }) {
      for (const { path, waiting } of laneQueues.values()) if (waiting.some(({ delivery }) => delivery.id === id)) return path;
      return undefined;
    },
    has: (path) => (laneQueues.get(keyOf(path))?.waiting.length ?? 0) > 0,
    onRoom: (path, listener) => void of(path).listeners.push(listener),
  };
}
