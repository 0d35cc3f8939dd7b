/** How many connections each part of the server may hold, computed from the number of descriptors that the process may open. */
import type { Clock } from '#core';

export interface ConnectionRoom {
  /** SMTP connections of clients. */
  inbound: number;
  /** HTTP connections of clients. */
  http: number;
  /** Deliveries attempted at the same time, all destinations together. */
  lanes: number;
}

const MOST_INBOUND = 2000;
const MOST_HTTP = 1000;
/** Each lane costs memory, and more lanes than this have never helped. */
const MOST_LANES = 1000;
const FEWEST_LANES = 8;
/** Descriptors per lane: its connection, the file of a large body, and another connection that is kept for later use. */
const PER_LANE = 3;
/** Descriptors for databases, DNS, and the files of large messages that are coming in. */
const REST = 500;

/**
 * With few descriptors the lanes get a quarter of them, SMTP clients half, HTTP an eighth, and everything else an eighth. With many descriptors the
 * lanes get all that the others leave. Pure.
 */
export function decideConnectionRoom(descriptors: number): ConnectionRoom {
  const inbound = Math.min(MOST_INBOUND, Math.floor(descriptors / 2));
  const http = Math.min(MOST_HTTP, Math.floor(descriptors / 8));
  const left = Math.max(descriptors / 4, descriptors - inbound - http - REST);
  return { inbound, http, lanes: Math.max(FEWEST_LANES, Math.min(MOST_LANES, Math.floor(left / PER_LANE))) };
}

/**
 * How often the limit is read, ms. Reading it takes 30 µs. A flood of connections may take more than ten places per ms, and must not take all places
 * between two reads.
 */
const LOOK_EVERY = 20;

/** The room as it is now, because the limit of a running process can be changed from outside. If the limit cannot be read, the last one is used. */
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
