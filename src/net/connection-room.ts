/** How many connections each side of the server may hold, by the number of descriptors the process may open. */
import type { Clock } from '#core';

export interface ConnectionRoom {
  /** SMTP connections of clients. */
  inbound: number;
  /** HTTP connections of clients. */
  http: number;
  /** Deliveries attempted at a time, all destinations together. */
  lanes: number;
}

const MOST_INBOUND = 2000;
const MOST_HTTP = 1000;
/** Each costs memory, and more have never helped. */
const MOST_LANES = 1000;
const FEWEST_LANES = 8;
/** A lane has a connection and the file of a large body open, and keeps another connection for later. */
const PER_LANE = 3;
/** Databases and DNS, and the files of large messages that are coming in. */
const REST = 500;

/**
 * With few descriptors a quarter of them goes to the lanes, half to SMTP clients, an eighth to HTTP and an eighth to everything else. With many, lanes
 * have what the others leave. Pure.
 */
export function decideConnectionRoom(descriptors: number): ConnectionRoom {
  const inbound = Math.min(MOST_INBOUND, Math.floor(descriptors / 2));
  const http = Math.min(MOST_HTTP, Math.floor(descriptors / 8));
  const left = Math.max(descriptors / 4, descriptors - inbound - http - REST);
  return { inbound, http, lanes: Math.max(FEWEST_LANES, Math.min(MOST_LANES, Math.floor(left / PER_LANE))) };
}

/** Looking costs 30 µs; a flood takes a place in less than 0.1 ms, and all should not be gone before we look, ms. */
const LOOK_EVERY = 20;

/** The room as it is now: the limit of a running process can be changed from outside. A limit that cannot be read is taken to be as it was. */
export function makeConnectionRoom({ clock, readLimit }: { clock: Clock; readLimit: () => number | undefined }): () => ConnectionRoom {
  let room = decideConnectionRoom(readLimit() ?? Number.POSITIVE_INFINITY);
  let lookedAt = clock.monotonic();
  return () => {
    if (clock.monotonic() - lookedAt < LOOK_EVERY) return room;
    lookedAt = clock.monotonic();
    const limit = readLimit();
    if (limit !== undefined) room = decideConnectionRoom(limit);
    return room;
  };
}
