/**
 * Walks the hosts in order until one is ready for MAIL: a connection kept from earlier messages, or a new one. Only what comes before MAIL sends it
 * on to the next host; what a peer says to a message is final for the attempt.
 */
import type { Clock, ConnectionFacts, Outcome, SmtpReply, Stage } from '#core';
import type { ConnectionPool, PeerAddress } from './connection-pool.js';
import { deferred, failed, ownReply } from './end-attempt.js';
import { replyOf } from './resolve-mx.js';
import { SmtpFailure } from './smtp-failure.js';
import type { Attempt, NextHop, Step, StepResult } from './step.js';

const MAX_HOSTS = 5;
const MAX_ADDRESSES_PER_HOST = 3;

/** Why a host could not be used. */
interface Obstacle {
  stage: Stage;
  reply: SmtpReply;
  permanent: boolean;
  connection: ConnectionFacts;
}

export function makeOpenSession({ pool, clock }: { pool: ConnectionPool; clock: Clock }): Step {
  async function tryHop(attempt: Attempt, hop: NextHop, obstacles: Obstacle[]): Promise<StepResult> {
    const found = await hop.addresses();
    if (found.kind === 'none') {
      obstacles.push({ stage: 'dns', reply: replyOf(found), permanent: found.permanent, connection: { mxHost: hop.name } });
      return 'reconnect';
    }
    const peers = found.addresses.slice(0, MAX_ADDRESSES_PER_HOST).map(({ ip }) => peerOf(attempt, hop, ip));
    attempt.sessionBegan ??= clock.monotonic();
    for (const peer of attempt.isFresh ? [] : peers) {
      attempt.session = pool.reuse(peer);
      if (attempt.session !== undefined) return 'next';
    }
    for (const peer of peers) {
      const leftMs = attempt.deadline - clock.monotonic();
      if (leftMs <= 0) break;
      try {
        attempt.session = await pool.open(peer, leftMs);
        return 'next';
      } catch (error) {
        if (!(error instanceof SmtpFailure)) throw error;
        if (error.kind === 'aborted') return { kind: 'released' };
        obstacles.push(obstacleOf(error, peer));
      }
    }
    return 'reconnect';
  }

  return {
    name: 'open-session',
    async run(attempt) {
      const obstacles: Obstacle[] = [];
      for (const hop of attempt.hops.slice(0, MAX_HOSTS)) {
        if (clock.monotonic() >= attempt.deadline) break;
        const result = await tryHop(attempt, hop, obstacles);
        if (result === 'reconnect') continue;
        if (attempt.session !== undefined) attempt.connection = attempt.session.facts;
        return result;
      }
      return endWith(attempt, obstacles);
    },
  };
}

/** A host that may work later makes the whole attempt temporary; of several, the last one is told. */
function endWith(attempt: Attempt, obstacles: Obstacle[]): Outcome {
  const told = obstacles.findLast(({ permanent }) => !permanent) ?? obstacles.at(-1);
  if (told === undefined) return deferred(attempt, 'connect', ownReply(421, '4.4.7', 'No time left to connect'));
  attempt.connection = told.connection;
  return (told.permanent ? failed : deferred)(attempt, told.stage, told.reply);
}

function peerOf({ tls, transport }: Attempt, { name, port }: NextHop, ip: string): PeerAddress {
  const login = transport?.login === undefined ? {} : { login: transport.login, password: transport.password ?? '' };
  return { name, ip, port, tls, implicitTls: transport?.tls === 'implicit', ...login };
}

/** 5xx in the greeting or to EHLO is a refusal of all our mail, and final when every host says so. TLS and AUTH can be mended. */
function obstacleOf(failure: SmtpFailure, peer: PeerAddress): Obstacle {
  const { stage, reply } = failure;
  const connection = { mxHost: peer.name, mxHostIp: peer.ip };
  const permanent = (stage === 'banner' || stage === 'ehlo') && reply !== undefined && reply.code >= 500;
  if (stage === 'tls') return { stage, reply: ownReply(421, '4.7.5', tlsText(failure, peer)), permanent: false, connection };
  return { stage, reply: reply ?? noReply(failure, peer), permanent, connection };
}

function tlsText(failure: SmtpFailure, { name, tls }: PeerAddress): string {
  const level = tls === 'verify' ? 'TLS with a valid certificate is required' : 'TLS is required';
  return `${level}, but ${name} cannot: ${failure.message}`;
}

/** The reply to record when the peer gave none. */
export function noReply({ stage, kind, message }: SmtpFailure, { name, ip }: { name: string; ip: string }): SmtpReply {
  const why = kind === 'timeout' ? 'timed out' : `failed: ${message}`;
  if (stage === 'connect') return ownReply(421, '4.4.1', `Connection to ${name} (${ip}) ${why}`);
  return ownReply(421, '4.4.2', `Session with ${name} (${ip}) ${why} (${stage})`);
}
