/**
 * What the end of an attempt says of the path it took: whether a session could be had, and whether it was still there after the message. A reply to a
 * message says nothing about the path. Pure.
 */
import type { Outcome, Stage } from '#core';
import { isSendersDemand } from '#routing';
import type { Reach } from '../paths/paths.js';
import type { Attempt } from './step.js';

const BEFORE_SESSION: ReadonlySet<Stage> = new Set<Stage>(['connect', 'banner', 'ehlo', 'tls', 'auth']);
const CLOSING = 421;

export function reachOf(outcome: Outcome, attempt: Pick<Attempt, 'tls' | 'siteTls' | 'barrier'>): Reach {
  if (outcome.kind === 'released') return 'unknown';
  if (outcome.kind === 'delivered') return outcome.connection.mxHost === undefined ? 'unknown' : 'reached';
  return behind(attempt) ?? reachAt(outcome);
}

function behind({ tls, siteTls, barrier }: Pick<Attempt, 'tls' | 'siteTls' | 'barrier'>): Reach | undefined {
  switch (barrier) {
    case 'dane':
      // Other domains on the same exchangers may not be signed, and must not wait for this one's trouble.
      return 'unknown';
    case 'tls':
      return isSendersDemand(tls, siteTls) ? 'unknown' : 'kept';
    case 'network':
      return 'unconnected';
    case undefined:
      return undefined;
  }
}

function reachAt(outcome: Exclude<Outcome, { kind: 'released' | 'delivered' }>): Reach {
  const { stage, kind, reply } = outcome;
  if (stage === 'local') return 'unknown';
  // A domain that does not exist is an answer like any other; a resolver that fails is a path that does not work.
  if (stage === 'dns') return kind === 'failed' ? 'reached' : 'unreached';
  if (BEFORE_SESSION.has(stage)) return 'unreached';
  if (kind === 'deferred' && outcome.unanswered) return 'cut';
  // A greylist may say 421 to every recipient that it does not know, and takes them later.
  return reply.code === CLOSING && outcome.reason !== 'greylisted' ? 'closed' : 'reached';
}
