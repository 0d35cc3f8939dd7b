/** What the end of an attempt says of the path it took: could a session be had? What a server says to a message says nothing of the path; pure. */
import type { Outcome, Stage } from '#core';
import { isSendersDemand } from './decide-tls.js';
import type { Reach } from './paths.js';
import type { Attempt } from './step.js';

const BEFORE_SESSION: ReadonlySet<Stage> = new Set<Stage>(['connect', 'banner', 'ehlo', 'auth']);
const CLOSING = 421;

export function reachOf(outcome: Outcome, { tls, siteTls, keptByDane }: Pick<Attempt, 'tls' | 'siteTls' | 'keptByDane'>): Reach {
  if (outcome.kind === 'released') return 'unknown';
  if (outcome.kind === 'delivered') return outcome.connection.mxHost === undefined ? 'unknown' : 'reached';
  const { stage, kind, reply } = outcome;
  switch (stage) {
    case 'local':
      return 'unknown';
    case 'dns':
      // A domain that does not exist is an answer like any other; a resolver that fails is a path that does not work.
      return kind === 'failed' ? 'reached' : 'unreached';
    case 'tls':
      // Other domains on the same exchangers may not be signed, and must not wait for this one's trouble.
      return keptByDane || isSendersDemand(tls, siteTls) ? 'unknown' : 'unreached';
    case 'dot':
      return 'reached';
    default:
      return BEFORE_SESSION.has(stage) || reply.code === CLOSING ? 'unreached' : 'reached';
  }
}
