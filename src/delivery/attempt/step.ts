/** What the steps of an attempt share, and what each of them answers. */
import type { ConnectionFacts, Delivery, Message, Outcome } from '#core';
import type { MessageForm, Signature } from '#messages';
import type { StsPolicy } from '#net';
import type { NextHop, TlsRequirement, Transport } from '#routing';
import type { ClientSession } from '#smtp-client';
import type { DomainRecord } from '#store';
import type { Via } from '../sources/ready-queue.js';
import type { AttemptLimits } from './boundary.js';

/**
 * What kept an attempt from a session. `network`: nobody could be connected to. `tls`: a host does not have the TLS that the message must have,
 * whatever became of the other hosts. `dane`: DANE asked for TLS that a host does not have, which concerns this destination alone.
 */
export type Barrier = 'network' | 'tls' | 'dane';

/** One attempt in progress. Steps read what earlier steps found and add their own. */
export interface Attempt {
  readonly delivery: Delivery;
  readonly message: Message;
  /** Source, and the smarthost that stands in for the destination's exchangers, if any. */
  readonly via: Via;
  readonly limits: AttemptLimits;
  /** Undefined when its owner deleted it. */
  readonly domain: DomainRecord | undefined;
  /** Wall clock, ms. */
  readonly startedAt: number;
  /** Monotonic, ms: no host is tried and no command waits beyond it; only the reply to the dot may. */
  readonly deadline: number;
  /** Smarthost, when one is configured for the destination. */
  transport: Transport | undefined;
  hops: NextHop[];
  /** MTA-STS policy of the destination. */
  sts: StsPolicy | undefined;
  tls: TlsRequirement;
  /** The TLS that all mail to the site needs, whoever sends it. */
  siteTls: TlsRequirement;
  /** Messages that a connection there may carry. */
  maxMessages: number;
  /** Connections that were tried. */
  opened: number;
  session: ClientSession | undefined;
  /** Undefined: nothing, or a peer that would not have us. */
  barrier: Barrier | undefined;
  /** What is known of the connection tried last. */
  connection: ConnectionFacts;
  /** Monotonic, ms; when the first connection was tried or reused. */
  sessionBegan: number | undefined;
  /** A connection kept from earlier messages was gone, or the peer said 421: from now on only a new connection is used. */
  isFresh: boolean;
  /** IP addresses of peers that put the message off or closed the connection in this attempt. Other peers are asked before them. */
  readonly leftBehind: Set<string>;
  /** What the last peer that put the message off said. It is the outcome when no other host can be had. */
  putOff: Extract<Outcome, { kind: 'deferred' }> | undefined;
  rendered: MessageForm;
  /** What was said to the peers that did not take the message, in order. */
  readonly transcripts: string[];
  signature: Signature | undefined;
}

/** `next`: go on. `reconnect`: back to the step that opens the connection; taken once per attempt. Anything else ends the attempt. */
export type StepResult = 'next' | 'reconnect' | Outcome;

export interface AttemptStep {
  /** For the log. */
  name: string;
  /** It reads or makes what the message holds: a poisonous message would bring the server down in such a step. */
  worksOnMessage?: boolean;
  run(attempt: Attempt): StepResult | Promise<StepResult>;
}
