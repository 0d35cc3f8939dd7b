/**
 * Walks the hosts in order until one is ready for MAIL, over a connection kept from earlier messages or a new one. Failures before MAIL lead to the next
 * host here. Whether a reply to the message itself does so is decided in `decide-next-host.ts`.
 */

import { type Clock, type ConnectionFacts, type Outcome, ownReply, type SmtpReply, type Stage } from '#core';
import type { Directory } from '#directory';
import { decideTlsLevel, type TlsDecision } from '#net';
import type { ClassifyBounce } from '#replies';
import { type NextHop, notReceived } from '#routing';
import { type ClientSession, type ConnectionPool, type PeerAddress, SmtpFailure } from '#smtp-client';
import { bindAddress, NO_SUCH_FAMILY } from '../sources/sources.js';
import { deferred, failed, meaningOf, refusedByPeer } from './end-attempt.js';
import type { Attempt, AttemptStep, Barrier, StepResult } from './step.js';

const MAX_HOSTS = 5;
const MAX_ADDRESSES_PER_HOST = 3;

/** Why a host could not be used. */
interface Obstacle {
  /** The host is this server; its preference as an exchanger. */
  ourPreference?: number;
  stage: Stage;
  reply: SmtpReply;
  permanent: boolean;
  /** The reply is the peer's own. */
  isRemote: boolean;
  /** It concerns this destination alone. */
  byDane?: boolean;
  connection: ConnectionFacts;
}

export interface OpenSessionDeps {
  pool: ConnectionPool;
  clock: Clock;
  classify: ClassifyBounce;
  directory: Pick<Directory, 'domains'>;
}

export function makeOpenSession({ pool, clock, classify, directory }: OpenSessionDeps): AttemptStep {
  /** The first few addresses of a host. None when there is an obstacle, which is noted. */
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
  async function reuse(attempt: Attempt): Promise<ClientSession | undefined> {
    const [best] = attempt.hops;
    for (const hop of attempt.hops) {
      if (hop.preference !== best?.preference) break;
      for (const peer of await peersOf(attempt, hop, [])) {
        const session = attempt.leftBehind.has(peer.ip) ? undefined : pool.reuse(peer);
        if (session !== undefined) return session;
      }
    }
    return undefined;
  }

  /** A loop is final, except for a customer's domain and for a smarthost that only stands in for exchangers. */
  async function loop({ delivery, transport }: Attempt, { name, ip }: PeerAddress, ourPreference: number): Promise<Obstacle> {
    const { destinationName } = delivery;
    const isHosted = transport === undefined && (await directory.domains.find(destinationName)) !== undefined;
    const permanent = !isHosted && transport?.when !== 'fallback';
    const text = `Mail for ${destinationName} loops back to this server: ${name} (${ip}) is this server`;
    const loops = permanent ? ownReply(554, '5.4.6', text) : ownReply(451, '4.4.6', text);
    const reply = isHosted ? notReceived(destinationName) : loops;
    return { stage: 'dns', reply, permanent, isRemote: false, ourPreference, connection: { mxHost: name, mxHostIp: ip } };
  }

  async function tryPeer(attempt: Attempt, peer: PeerAddress, preference: number, obstacles: Obstacle[]): Promise<Tried> {
    const kept = attempt.isFresh ? undefined : pool.reuse(peer);
    if (kept !== undefined) return kept;
    const leftMs = attempt.deadline - clock.monotonic();
    if (leftMs <= 0) return 'out of time';
    attempt.opened++;
    try {
      return await pool.open(peer, leftMs);
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error;
      if (error.kind === 'aborted') return 'stopping';
      attempt.transcripts.push(`${error.transcript || `* connecting to ${peer.name} [${peer.ip}]:${peer.port}`}\n* ${error.message}`);
      obstacles.push(error.kind === 'looped' ? await loop(attempt, peer, preference) : obstacleOf(error, peer));
      return undefined;
    }
  }

  /** Hosts that were down a short while ago come last, so that a dead first host does not slow every message down. */
  async function walk(attempt: Attempt, without: ReadonlySet<string>, obstacles: Obstacle[]): Promise<Tried> {
    const postponed: [PeerAddress, number][] = [];
    for (const hop of attempt.hops.slice(0, MAX_HOSTS)) {
      const { preference } = hop;
      for (const peer of isBehindUs(preference, obstacles) ? [] : await peersOf(attempt, hop, obstacles)) {
        if (without.has(peer.ip) || isBehindUs(preference, obstacles)) continue;
        if (pool.isDown(peer)) postponed.push([peer, preference]);
        else {
          const tried = await tryPeer(attempt, peer, preference, obstacles);
          if (tried !== undefined) return tried;
        }
      }
    }
    for (const [peer, preference] of postponed) {
      if (isBehindUs(preference, obstacles)) continue;
      const tried = await tryPeer(attempt, peer, preference, obstacles);
      if (tried !== undefined) return tried;
    }
    return undefined;
  }

  /** First the hosts that have not put this message off. A host that only closed the connection is asked once more when there is no other. */
  async function find(attempt: Attempt, obstacles: Obstacle[]): Promise<Tried> {
    const { leftBehind, putOff } = attempt;
    const kept = attempt.isFresh ? undefined : await reuse(attempt);
    const other = kept ?? (await walk(attempt, leftBehind, obstacles));
    if (other !== undefined || putOff !== undefined || leftBehind.size === 0) return other;
    return walk(attempt, new Set(), obstacles);
  }

  return {
    name: 'open-session',
    async run(attempt): Promise<StepResult> {
      attempt.sessionBegan ??= clock.monotonic();
      const obstacles: Obstacle[] = [];
      const session = await find(attempt, obstacles);
      if (session === 'stopping') return { kind: 'released' };
      if (session === undefined || session === 'out of time') return attempt.putOff ?? endWith(attempt, obstacles, classify);
      attempt.session = session;
      attempt.connection = session.facts;
      return 'next';
    },
  };
}

/** What became of a peer, or of all of them: a session, nothing, or the end of the search. */
type Tried = ClientSession | 'stopping' | 'out of time' | undefined;

/** No mail goes from an exchanger to one that is not better than itself (RFC 5321 5.1). */
const isBehindUs = (preference: number, obstacles: readonly Obstacle[]): boolean =>
  obstacles.some(({ ourPreference = Number.POSITIVE_INFINITY }) => preference >= ourPreference);

/** A host that may work later makes the whole attempt temporary. Of several obstacles the last one is told. */
function endWith(attempt: Attempt, obstacles: Obstacle[], classify: ClassifyBounce): Outcome {
  const told = obstacles.findLast(({ permanent }) => !permanent) ?? obstacles.at(-1);
  if (told === undefined) return deferred(attempt, 'connect', ownReply(421, '4.4.7', 'No time left to connect'));
  attempt.connection = told.connection;
  attempt.barrier = barrierOf(obstacles);
  if (told.isRemote) return refusedByPeer(attempt, told.stage, told.reply, meaningOf(attempt, told.stage, told.reply, classify));
  return (told.permanent ? failed : deferred)(attempt, told.stage, told.reply);
}

const IN_THE_NETWORK: ReadonlySet<Stage> = new Set<Stage>(['connect', 'dns', 'local']);

/** One host without enough TLS outweighs all others. Otherwise an attacker who blocks the other hosts could get round the demand for TLS. */
function barrierOf(obstacles: readonly Obstacle[]): Barrier | undefined {
  if (obstacles.some(({ byDane }) => byDane)) return 'dane';
  if (obstacles.some(({ stage }) => stage === 'tls')) return 'tls';
  const isNetwork = obstacles.some(({ stage }) => stage === 'connect') && obstacles.every(({ stage }) => IN_THE_NETWORK.has(stage));
  return isNetwork ? 'network' : undefined;
}

/** The result of a look-up that found nobody, as a reply. */
const replyOf = ({ code, enhancedCode, text }: { code: number; enhancedCode: string; text: string }) => ({ code, enhancedCode, text });

/** The TLS policy keeps the message from this host for now. It is put first: what became of hosts that were tried is told rather than that. */
function skip({ name }: NextHop, { reason, byDane }: TlsDecision, obstacles: Obstacle[]): PeerAddress[] {
  const reply = ownReply(451, '4.7.5', reason);
  obstacles.unshift({ stage: 'tls', reply, permanent: false, isRemote: false, byDane, connection: { mxHost: name } });
  return [];
}

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

/** 5xx in the greeting or to EHLO refuses all our mail, and is final when every host says so. Trouble with TLS and AUTH can be mended. */
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
