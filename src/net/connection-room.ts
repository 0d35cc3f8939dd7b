/** How many connections each side of the server may hold, by the number of descriptors the process may open. Pure. */

export interface ConnectionRoom {
  /** SMTP connections of clients. */
  inbound: number;
  /** Deliveries attempted at a time, all destinations together. */
  lanes: number;
}

const MOST_INBOUND = 2000;
/** Each costs memory, and more have never helped. */
const MOST_LANES = 1000;
const FEWEST_LANES = 8;
/** A lane has a connection and the file of a large body open, and keeps another connection for later. */
const PER_LANE = 3;
/** Databases, HTTP and DNS, and the files of large messages that are coming in. */
const REST = 1000;

/**
 * With few descriptors a quarter of them goes to the lanes, half to clients and a quarter to everything else. With many, lanes have what the others
 * leave.
 */
export function decideConnectionRoom(descriptors: number): ConnectionRoom {
  const inbound = Math.min(MOST_INBOUND, Math.floor(descriptors / 2));
  const left = Math.max(descriptors / 4, descriptors - MOST_INBOUND - REST);
  return { inbound, lanes: Math.max(FEWEST_LANES, Math.min(MOST_LANES, Math.floor(left / PER_LANE))) };
}
