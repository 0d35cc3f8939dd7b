/**
 * TLS towards one peer: what the handshake is made with, a session of an earlier connection to resume, and whether the peer is who it must be once
 * the connection is encrypted.
 */
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { Clock } from '#core';
import { type ClientTls, peerChain, type TlsDecision, type TlsSessionKey, type TlsSessions, verifyTlsa } from '#net';
import { SmtpFailure } from './smtp-failure.js';

/** For one connection. */
export interface PeerTls {
  options: ConnectionOptions;
  /** An earlier session is offered to the peer. */
  isResuming: boolean;
  /** Call once, when the connection is encrypted. Throws SmtpFailure at stage `tls` when the certificate is not one that DANE allows. */
  check(socket: TLSSocket): TlsFacts;
  /** The handshake failed: the session is not offered again. */
  forget(): void;
}

export interface TlsFacts {
  /** An authority or DNSSEC vouches for the certificate and its name. */
  certificateVerified: boolean;
  /** Name of the cipher suite, as OpenSSL spells it. */
  cipher: string;
  /** For the transcript. */
  remark: string;
}

export interface TlsTarget {
  /** Not of level `none`. */
  tls: TlsDecision;
  ip: string;
  port: number;
  /** Address the connection is bound to, `''` for any. */
  source: string;
}

export type PreparePeerTls = (target: TlsTarget, resume: boolean) => PeerTls;

export function makePreparePeerTls(deps: { clientTls: ClientTls; sessions: TlsSessions; clock: Clock }): PreparePeerTls {
  const { clientTls, sessions, clock } = deps;

  function verifyDane({ tlsa = [], verifyNames }: TlsDecision, socket: TLSSocket): void {
    const verdict = verifyTlsa(tlsa, peerChain(socket), verifyNames, clock.now());
    if (verdict.kind === 'match') return;
    throw new SmtpFailure({ stage: 'tls', kind: 'lost', text: verdict.reason });
  }

  return ({ tls, ip, port, source }, resume) => {
    const level = tls.level === 'none' ? 'may' : tls.level;
    const key: TlsSessionKey = { source, mxHost: tls.servername, ip, port, level };
    const kept = resume ? sessions.find(key) : undefined;
    return {
      options: { ...clientTls(level, tls.servername), ...(kept === undefined ? {} : { session: kept.session }) },
      isResuming: kept !== undefined,
      check(socket) {
        if (level === 'dane') verifyDane(tls, socket);
        const reused = socket.isSessionReused();
        const certificateVerified = level === 'dane' || (reused ? kept?.certificateVerified === true : socket.authorized);
        sessions.keep(key, socket, certificateVerified);
        const cipher = socket.getCipher().name;
        return { certificateVerified, cipher, remark: remarkOf(socket, cipher, level === 'dane', certificateVerified) };
      },
      forget: () => sessions.forget(key),
    };
  };
}

function remarkOf(socket: TLSSocket, cipher: string, isDane: boolean, isVerified: boolean): string {
  const how = `${socket.isSessionReused() ? 'encrypted again' : 'encrypted'} with ${socket.getProtocol() ?? 'TLS'} (${cipher})`;
  const certificate = isDane ? 'matches its TLSA records' : isVerified ? 'verified' : 'not verified';
  return `${how}, certificate ${certificate}`;
}

/** Connections that differ in this are not exchanged for each other: what one was made for may be more than what another demands. */
export function tlsKeyOf({ level, servername, verifyNames, tlsa = [] }: TlsDecision): string {
  if (level !== 'dane') return `${level} ${servername}`;
  const records = tlsa.map((record) =>
    [record.usage, record.selector, record.matchingType, record.certificate.toString('base64')].join(':'),
  );
  // Names matter only to certificates of a trust anchor (usage 2).
  const names = tlsa.some(({ usage }) => usage === 2) ? [...verifyNames].sort() : [];
  return [level, servername, ...records.sort(), ...names].join(' ');
}
