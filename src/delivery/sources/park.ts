/** The deliveries that were given to a path and wait for a lane: a few each, because those that come after them may leave by another path. */
import type { Delivery } from '#core';
import type { Path } from '../paths/paths.js';
import type { Taken } from './ready-queue.js';

export interface Parks {
  /** False when the path has enough: the delivery is not kept. */
  add(path: Path, taken: Taken): boolean;
  shift(path: Path): Taken | undefined;
  /** Everything that waits for the path, which then has nothing. */
  clear(path: Path): Taken[];
  has(path: Path): boolean;
  /** The path that the delivery waits for. */
  pathOf(delivery: Delivery): Path | undefined;
  /** Called once, when the path has room again. */
  onRoom(path: Path, listener: () => void): void;
}

/** Deliveries that may wait for one path, and when there are many paths. */
const ROOM = 16;
const ROOM_IN_A_CROWD = 2;
const CROWD = 4000;

interface Park {
  readonly path: Path;
  waiting: Taken[];
  listeners: (() => void)[];
}

export function makeParks(): Parks {
  const parks = new Map<string, Park>();
  let total = 0;

  const keyOf = ({ source, site }: Path) => `${source} ${site}`;
  const room = () => (total > CROWD ? ROOM_IN_A_CROWD : ROOM);

  function of(path: Path): Park {
    const key = keyOf(path);
    const park = parks.get(key) ?? { path, waiting: [], listeners: [] };
    parks.set(key, park);
    return park;
  }

  function settle(path: Path, park: Park): void {
    if (park.waiting.length > room() / 2) return;
    if (park.waiting.length === 0) parks.delete(keyOf(path));
    for (const listener of park.listeners.splice(0)) listener();
  }

  return {
    add(path, taken) {
      const park = of(path);
      if (park.waiting.length >= room()) return false;
      park.waiting.push(taken);
      total += 1;
      return true;
    },
    shift(path) {
      const park = parks.get(keyOf(path));
      const taken = park?.waiting.shift();
      if (park === undefined || taken === undefined) return undefined;
      total -= 1;
      settle(path, park);
      return taken;
    },
    clear(path) {
      const park = parks.get(keyOf(path));
      if (park === undefined) return [];
      const all = park.waiting.splice(0);
      total -= all.length;
      settle(path, park);
      return all;
    },
    pathOf({ id }) {
      for (const { path, waiting } of parks.values()) if (waiting.some(({ delivery }) => delivery.id === id)) return path;
      return undefined;
    },
    has: (path) => (parks.get(keyOf(path))?.waiting.length ?? 0) > 0,
    onRoom: (path, listener) => void of(path).listeners.push(listener),
  };
}
