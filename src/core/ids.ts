import { randomBytes, randomFillSync, randomInt } from 'node:crypto';
import type { Clock } from './clock.js';

/** 2020-01-01. */
const ID_EPOCH_MS = 1_577_836_800_000;
/** Numbers that nodes may have: 0 to 15. */
export const MAX_NODES = 16;
/** Of one node. More in a millisecond borrow from the next ones. */
const IDS_PER_MS = 256;
/** Enough for every safe integer. */
const STORAGE_ID_BYTES = 7;

/**
 * Makes integer ids that grow with time and never repeat while they are seeded with the largest id in use.
 *
 * An id is `((ms since 2020) × 256 + count) × 16 + node`: 4 bits say which node made it, 8 count within a millisecond, so a millisecond takes 12 bits and
 * ids stay safe integers (below 2^53) for 2^41 ms, until 2089. Nodes with numbers of their own never make the same id, and ids of all nodes are in the
 * order of their clocks. Ids from before nodes had numbers took the same 12 bits for the count alone, so they are in order with these.
 */
export interface IdSource {
  next(): number;
  /** No later id will be at or below this one, whichever node made it. */
  raiseTo(id: number): void;
}

/** `node` is 0 for the only one. */
export function makeIdSource(clock: Clock, node = 0): IdSource {
  if (!Number.isInteger(node) || node < 0 || node >= MAX_NODES)
    throw new Error(`a node has a number from 0 to ${MAX_NODES - 1}, not ${node}`);
  /** Ids without their node. */
  let last = 0;
  return {
    next() {
      last = Math.max(last + 1, (clock.now() - ID_EPOCH_MS) * IDS_PER_MS);
      return last * MAX_NODES + node;
    },
    raiseTo(id) {
      last = Math.max(last, Math.floor(id / MAX_NODES));
    },
  };
}

/** The least id that any node may make at that time, ms since the epoch; ids made before are smaller. */
export const firstIdAt = (ms: number): number => (ms - ID_EPOCH_MS) * IDS_PER_MS * MAX_NODES;

/** Random bytes are drawn by the pageful: a call of its own for each id would cost as much as parsing a message's head. */
const pool = { bytes: Buffer.alloc(4096), used: 4096 };

/** For ids only; secrets are drawn one by one, so that none stays in memory. The bytes are the caller's own. */
function drawBytes(count: number): Buffer {
  if (pool.used + count > pool.bytes.length) {
    randomFillSync(pool.bytes);
    pool.used = 0;
  }
  const drawn = Buffer.from(pool.bytes.subarray(pool.used, pool.used + count));
  pool.used += count;
  return drawn;
}

/** 24 lower-case hex digits: account and domain ids as Mailgun shows them. */
export const randomHexId = () => randomBytes(12).toString('hex');

/** URL-safe base64 of `bytes` random bytes. */
export const randomToken = (bytes: number) => randomBytes(bytes).toString('base64url');

/**
 * 35 URL-safe characters, Mailgun's form of a storage key: opaque to others, never joined to a path. It holds the message's id, so that no index
 * on random keys has to be kept, and 128 random bits, so that nobody guesses one.
 */
export function makeStorageKey(message: number): string {
  return `BAAB${Buffer.concat([idBytes(message), drawBytes(16)]).toString('base64url')}`;
}

/** Of one recipient's message of a batch: the key of what the messages are made from, and ten more characters that hold the delivery's id. */
export const recipientStorageKey = (messageKey: string, delivery: number): string => messageKey + idBytes(delivery).toString('base64url');

/** What a storage key would name; undefined for what is no key. Whether the key is right is for the whole `messageKey` to show. */
export function readStorageKey(key: string): { message: number; messageKey: string; delivery: number | undefined } | undefined {
  const [, messageKey, recipient] = /^(BAAB[\w-]{31})([\w-]{10})?$/.exec(key) ?? [];
  if (messageKey === undefined) return undefined;
  const message = readIdBytes(Buffer.from(messageKey.slice(4), 'base64url'));
  const delivery = recipient === undefined ? undefined : readIdBytes(Buffer.from(recipient, 'base64url'));
  if (!Number.isSafeInteger(message)) return undefined;
  if (delivery === undefined) return { message, messageKey, delivery };
  // One name for each: no other text may come to the same id.
  return Number.isSafeInteger(delivery) && recipientStorageKey(messageKey, delivery) === key
    ? { message, messageKey, delivery }
    : undefined;
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(STORAGE_ID_BYTES);
  bytes.writeUIntBE(Math.floor(id / 2 ** 32), 0, 3);
  bytes.writeUInt32BE(id % 2 ** 32, 3);
  return bytes;
}

const readIdBytes = (bytes: Buffer): number => bytes.readUIntBE(0, 3) * 2 ** 32 + bytes.readUInt32BE(3);

/** 22 URL-safe characters; the first bytes follow the clock, so that an index on it grows at its end. */
export function makeEventId(ms: number): string {
  const bytes = drawBytes(16);
  bytes.writeUIntBE(ms, 0, 6);
  return bytes.toString('base64url');
}

const PASSWORD_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** A password to be read once by a person: 24 characters (about 139 bits) without look-alikes. */
export function randomPassword(): string {
  let text = '';
  for (let index = 0; index < 24; index++) text += PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)];
  return text;
}

/** Message-ID without angle brackets, in Mailgun's form: `YYYYMMDDHHMMSS.16 hex digits@domain`. */
export function makeMessageId(ms: number, domain: string): string {
  const stamp = new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14);
  return `${stamp}.${drawBytes(8).toString('hex')}@${domain}`;
}

/** A number from -1 (inclusive) to 1 (exclusive), for jitter. */
export const randomJitter = () => Math.random() * 2 - 1;

/** Shuffles in place and returns the same array. */
export function shuffle<T>(items: T[]): T[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    const kept = items[index] as T;
    items[index] = items[other] as T;
    items[other] = kept;
  }
  return items;
}
