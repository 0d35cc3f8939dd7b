/**
 * Walks the hosts in order until one is ready for MAIL: a connection kept from earlier messages, or a new one. Only what comes before MAIL sends it
 * on to the next host; what a peer says to a message is final for the attempt.
 */
import type { Clock, ConnectionFacts, Outcome, SmtpReply, Stage } from '#core';
import { decideTlsLevel, type TlsDecision } from '#net';
import type { ClassifyBounce } from './bounce-classifier.js';
import type { ConnectionPool, PeerAddress } from './connection-pool.js';
import { deferred, failed, ownReply, refused } from './end-attempt.js';
import type { SmtpSession } from './smtp-client.js';
import { SmtpFailure } from './smtp-failure.js';
import { bindAddress } from './sources.js';
import type { Attempt, Barrier, NextHop, Step, StepResult } from './step.js';

const MAX_HOSTS = 5;
const MAX_ADDRESSES_PER_HOST = 3;

/** Why a host could not be used. */
interface Obstacle {
  stage: Stage;
  reply: SmtpReply;
  permanent: boolean;
  /** The reply is the peer's own. */
  isRemote: boolean;
  /** It is in the way of this destination's mail alone. */
  byDane?: boolean;
  connection: ConnectionFacts;
}

export function makeOpenSession({ pool, clock, classify }: { pool: ConnectionPool; clock: Clock; classify: ClassifyBounce }): Step {
  /** The addresses of a host, the first few; none with the obstacle noted. */
  async function peersOf(attempt: Attempt, hop: NextHop, obstacles: Obstacle[]): Promise<PeerAddress[]> {
    const question = { configured: attempt.tls, sts: attempt.sts, mxHost: hop.name };
    const withoutDane = decideTlsLevel(question);
    if (withoutDane.skipHost) return skip(hop, withoutDane, obstacles);
    const found = await hop.addresses();
    if (found.kind === 'none') {
      obstacles.push({
        stage: 'dns',
        reply: replyOf(found),
        permanent: found.permanent,
        isRemote: false,
        connection: { mxHost: hop.name },
      });
      return [];
    }
    const dane = await hop.dane(found);
    const tls = dane.kind === 'none' ? withoutDane : decideTlsLevel({ ...question, dane });
    if (tls.skipHost) return skip(hop, tls, obstacles);
    const within = found.addresses.filter(({ ip }) => bindAddress(attempt.via.source, ip) !== undefined);
    if (within.length === 0) return outOfReach(attempt, hop, obstacles);
    return within.slice(0, MAX_ADDRESSES_PER_HOST).map(({ ip }) => peerOf(attempt, hop, ip, tls));
  }

  /** A connection kept to any of the hosts that are as good as the first. */
  async function reuse(attempt: Attempt): Promise<SmtpSession | undefined> {
    const [best] = attempt.hops;
    for (const hop of attempt.hops) {
      if (hop.preference !== best?.preference) break;
      for (const peer of await peersOf(attempt, hop, [])) {
        const session = pool.reuse(peer);
        if (session !== undefined) return session;
      }
    }
    return undefined;
  }

  async function tryPeers(
    attempt: Attempt,
    peers: readonly PeerAddress[],
    obstacles: Obstacle[],
  ): Promise<SmtpSession | 'stopping' | undefined> {
    for (const peer of peers) {
      const kept = attempt.isFresh ? undefined : pool.reuse(peer);
      if (kept !== undefined) return kept;
      const leftMs = attempt.deadline - clock.monotonic();
      if (leftMs <= 0) return undefined;
      attempt.opened++;
      try {
        return await pool.open(peer, leftMs);
      } catch (error) {
        if (!(error instanceof SmtpFailure)) throw error;
        if (error.kind === 'aborted') return 'stopping';
        attempt.conversations.push(`${error.conversation || `* connecting to ${peer.name} [${peer.ip}]:${peer.port}`}\n* ${error.message}`);
        obstacles.push(obstacleOf(error, peer));
      }
    }
    return undefined;
  }

  /** Hosts that were down a short while ago come last, so that a dead first host does not slow every message down. */
  async function walk(attempt: Attempt, obstacles: Obstacle[]): Promise<SmtpSession | 'stopping' | undefined> {
    const postponed: PeerAddress[] = [];
    for (const hop of attempt.hops.slice(0, MAX_HOSTS)) {
      const peers = await peersOf(attempt, hop, obstacles);
      postponed.push(...peers.filter(pool.isDown));
      const result = await tryPeers(
        attempt,
        peers.filter((peer) => !postponed.includes(peer)),
        obstacles,
      );
      if (result !== undefined) return result;
    }
    return tryPeers(attempt, postponed, obstacles);
  }

  return {
    name: 'open-session',
    async run(attempt): Promise<StepResult> {
      attempt.sessionBegan ??= clock.monotonic();
      const obstacles: Obstacle[] = [];
      const session = (attempt.isFresh ? undefined : await reuse(attempt)) ?? (await walk(attempt, obstacles));
      if (session === 'stopping') return { kind: 'released' };
      if (session === undefined) return endWith(attempt, obstacles, classify);
      attempt.session = session;
      attempt.connection = session.facts;
      return 'next';
    },
  };
}

/** A host that may work later makes the whole attempt temporary; of several, the last one is told. */
function endWith(attempt: Attempt, obstacles: Obstacle[], classify: ClassifyBounce): Outcome {
  const told = obstacles.findLast(({ permanent }) => !permanent) ?? obstacles.at(-1);
  if (told === undefined) return deferred(attempt, 'connect', ownReply(421, '4.4.7', 'No time left to connect'));
  attempt.connection = told.connection;
  attempt.barrier = barrierOf(obstacles);
  if (told.isRemote) return refused(attempt, told.stage, told.reply, classify);
  return (told.permanent ? failed : deferred)(attempt, told.stage, told.reply);
}

const IN_THE_NETWORK: ReadonlySet<Stage> = new Set<Stage>(['connect', 'dns', 'local']);

/** One host whose TLS is not enough outweighs all others: what it asks for may not be got round by blocking the rest. */
function barrierOf(obstacles: readonly Obstacle[]): Barrier | undefined {
  if (obstacles.some(({ byDane }) => byDane)) return 'dane';
  if (obstacles.some(({ stage }) => stage === 'tls')) return 'tls';
  const isNetwork = obstacles.some(({ stage }) => stage === 'connect') && obstacles.every(({ stage }) => IN_THE_NETWORK.has(stage));
  return isNetwork ? 'network' : undefined;
}

/** What a look-up that found nobody says, as a reply. */
const replyOf = ({ code, enhancedCode, text }: { code: number; enhancedCode: string; text: string }) => ({ code, enhancedCode, text });

/** Its TLS policy keeps the message from this host for now. What became of hosts that were tried is told before that. */
function skip({ name }: NextHop, { reason, byDane }: TlsDecision, obstacles: Obstacle[]): PeerAddress[] {
  const reply = ownReply(451, '4.7.5', reason);
  obstacles.unshift({ stage: 'tls', reply, permanent: false, isRemote: false, byDane, connection: { mxHost: name } });
  return [];
}

const NO_SUCH_FAMILY = '4.4.4';

/** Another source may reach what this one cannot. */
export const lacksFamily = (outcome: Outcome): boolean =>
  outcome.kind === 'deferred' && outcome.stage === 'local' && outcome.reply.enhancedCode === NO_SUCH_FAMILY;

/** All its addresses are of the family that the source does not have. */
function outOfReach(attempt: Attempt, { name }: NextHop, obstacles: Obstacle[]): PeerAddress[] {
  const text = `${name} has no address of the family of ${attempt.via.source.name}, the address this message leaves from`;
  obstacles.push({
    stage: 'local',
    reply: ownReply(451, NO_SUCH_FAMILY, text),
    permanent: false,
    isRemote: false,
    connection: { mxHost: name, sendingIp: attempt.via.source.name },
  });
  return [];
}

function peerOf({ transport, sts, delivery, via }: Attempt, { name, port }: NextHop, ip: string, tls: TlsDecision): PeerAddress {
  const login = transport?.login === undefined ? {} : { login: transport.login, password: transport.password ?? '' };
  const policy = sts?.mode === 'enforce' ? delivery.destinationName : '';
  const bind = bindAddress(via.source, ip);
  const from = { localAddress: bind === 'any' ? undefined : bind, ehlo: via.source.ehlo };
  return { name, ip, port, ...from, tls, policy, implicitTls: transport?.tls === 'implicit', ...login };
}

/** 5xx in the greeting or to EHLO is a refusal of all our mail, and final when every host says so. TLS and AUTH can be mended. */
function obstacleOf(failure: SmtpFailure, peer: PeerAddress): Obstacle {
  const { stage, reply } = failure;
  const { localAddress } = peer;
  const connection = { mxHost: peer.name, mxHostIp: peer.ip, ...(localAddress === undefined ? {} : { sendingIp: localAddress }) };
  const permanent = (stage === 'banner' || stage === 'ehlo') && reply !== undefined && reply.code >= 500;
  if (stage === 'tls') {
    const told = ownReply(421, '4.7.5', tlsText(failure, peer));
    return { stage, reply: told, permanent: false, isRemote: false, byDane: peer.tls.byDane, connection };
  }
  // A 5xx to AUTH is about our password, which can be mended.
  return { stage, reply: reply ?? noReply(failure, peer), permanent, isRemote: reply !== undefined && stage !== 'auth', connection };
}

function tlsText(failure: SmtpFailure, { name, tls, policy }: PeerAddress): string {
  const what = tls.level === 'verify' || tls.level === 'dane' ? 'TLS with a valid certificate is required' : 'TLS is required';
  const who = policy !== '' || tls.byDane ? ` by ${tls.reason}` : '';
  return `${what}${who}, but ${name} cannot: ${failure.message}`;
}

/** The reply to record when the peer gave none. */
export function noReply({ stage, kind, message }: SmtpFailure, { name, ip }: { name: string; ip: string }): SmtpReply {
  const why = kind === 'timeout' ? message : `failed: ${message}`;
  if (stage === 'connect') return ownReply(421, '4.4.1', `Connection to ${name} (${ip}) ${why}`);
  return ownReply(421, '4.4.2', `Session with ${name} (${ip}) ${why} (${stage})`);
}
