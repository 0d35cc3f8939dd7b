/**
 * What the dispatcher and the attempts say to each other. All of it is data that could be posted to another thread: no functions, no objects with
 * methods, nothing that one side goes on changing. What an attempt needs besides (connections, DNS, keys, bodies) is made on its own side of this
 * boundary. Why: docs/decisions/0012-delivery-in-threads.md.
 */
import type { Delivery, Message, Outcome, Stage } from '#core';
import type { Reach } from '../paths/paths.js';
import type { Via } from '../sources/ready-queue.js';

/** One attempt to be made. */
export interface AttemptTask {
  readonly delivery: Delivery;
  readonly message: Message;
  readonly via: Via;
  readonly limits: AttemptLimits;
}

/** What the dispatcher alone knows, as it is when the attempt begins. */
export interface AttemptLimits {
  /** Messages that one connection may carry, by what the site's replies have brought so far. The shaping may allow fewer. */
  readonly maxMessages: number;
  /** The server ended too often while it worked on this delivery: it fails without a look at its message. */
  readonly isPoisonous: boolean;
}

/** What came of an attempt, and what it showed of the path. */
export interface AttemptResult {
  readonly outcome: Outcome;
  readonly reach: Reach;
  /** Connections that were tried. */
  readonly opened: number;
  /** What was said to the peers, where it is worth keeping. */
  readonly transcript: string | undefined;
  /** The message as the peer was given it, without dot-stuffing, when the sender asked for copies of what is delivered. */
  readonly copy: Uint8Array | undefined;
}

/** How far the message of a running attempt has come. */
export interface AttemptProgress {
  /** Id of the delivery. */
  readonly delivery: number;
  /** Undefined: it has no session now, or the attempt is over. */
  readonly stage: Stage | undefined;
  /** Another text whenever the message has come further. */
  readonly progress: string;
}

/** An order to wait no longer for the peer. */
export interface GiveUp {
  /** Id of the delivery. */
  readonly delivery: number;
  /** The order holds only while this is how far the message has come. */
  readonly progress: string;
  /** What the outcome says. */
  readonly text: string;
}

/** Time between two reports of progress, ms. */
export const REPORT_EVERY = 200;

/** Told by the attempts while they run. */
export interface AttemptListener {
  /** Every REPORT_EVERY while attempts run: those that came further or are over since the last call, often none. */
  onProgress(changes: readonly AttemptProgress[]): void;
  /** Everything that the message could do to this server has been done, and it did no harm. */
  onSurvived(delivery: Pick<Delivery, 'id' | 'message'>): void;
}

export interface AttemptStats {
  outcomes: Record<Outcome['kind'], number>;
  /** Time spent in each step, ms, and how often it ran. */
  steps: Record<string, { count: number; ms: number }>;
  connections: { open: number; idle: number };
}

export interface Attempts {
  /** Rejects only when the attempt could not begin. */
  run(task: AttemptTask): Promise<AttemptResult>;
  giveUp(order: GiveUp): void;
  /** Begins no message any more, and ends the sessions that have not begun one. Attempts that sent nothing end as `released`. */
  drain(): void;
  /** Cuts every connection. */
  abort(): void;
  stats(): AttemptStats;
}
