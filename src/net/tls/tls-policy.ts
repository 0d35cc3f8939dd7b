/**
 * How much TLS a message needs at one mail exchanger: the strictest of what its sender asked for, what DANE says of the host and what the
 * domain's MTA-STS policy says; pure.
 */

import type { TlsaRecord } from '../dns/dns-answer.js';
import type { TlsLevel } from './client-tls.js';
import type { DaneResult } from './dane.js';
import { mxMatches, type StsPolicy } from './sts-policy.js';

/** `none`: in clear. The others are `TlsLevel`s. */
export type TlsDecisionLevel = 'none' | TlsLevel;

export interface TlsPolicyInput {
  configured: 'none' | 'may' | 'encrypt' | 'verify';
  /** Of the recipients' domain, or of the smarthost's name (RFC 8461 3.4). */
  sts?: StsPolicy | undefined;
  /** Of the host. */
  dane?: DaneResult | undefined;
  mxHost: string;
}

export interface TlsDecision {
  level: TlsDecisionLevel;
  /** For SNI; what the certificate of level `verify` is checked against. */
  servername: string;
  /** Names one of which the certificate must bear; empty when any will do. For `dane` it concerns only certificates of a trust anchor. */
  verifyNames: readonly string[];
  /** Records to give to `verifyTlsa`; set when the level is `dane`. */
  tlsa?: readonly TlsaRecord[];
  /** This host must not get the message; when all are skipped, the message is deferred. */
  skipHost: boolean;
  /** DANE asked for it: for this destination alone, since others with the same host may not be signed. */
  byDane: boolean;
  /** Who asked for the level, or why the host is skipped; may stand in a delivery-status. */
  reason: string;
}

/**
 * MTA-STS of mode `testing` and `none` changes nothing. Where DANE gives records they replace the public authorities (RFC 8461 2: MTA-STS must
 * not override DANE), also for a sender who asked for `verify`: DNSSEC vouches for the name no less. A host that an enforced policy does
 * not name is skipped all the same.
 */
export function decideTlsLevel({ configured, sts, dane = { kind: 'none' }, mxHost }: TlsPolicyInput): TlsDecision {
  const decide = (level: TlsDecisionLevel, reason: string): TlsDecision => ({
    level,
    servername: mxHost,
    verifyNames: level === 'verify' ? [mxHost] : [],
    skipHost: false,
    byDane: false,
    reason,
  });
  const isEnforced = sts?.mode === 'enforce';
  const strictest = isEnforced ? 'verify' : configured;
  const who = isEnforced ? 'the MTA-STS policy of the domain' : 'the sender or the configuration';
  if (isEnforced && !mxMatches(sts, mxHost))
    return { ...decide(strictest, `${mxHost} is not in the domain's MTA-STS policy`), skipHost: true };
  switch (dane.kind) {
    case 'failed':
      return { ...decide(strictest, dane.text), skipHost: true, byDane: true };
    case 'tlsa': {
      const { records, baseName, names } = dane;
      const decision = { ...decide('dane', `the TLSA records of ${baseName}`), byDane: true };
      return { ...decision, servername: baseName, verifyNames: names, tlsa: records };
    }
    case 'unusable':
      if (strictest !== 'verify')
        return { ...decide('encrypt', `the unusable TLSA records of ${dane.baseName}`), servername: dane.baseName, byDane: true };
      return decide(strictest, who);
    case 'none':
      return decide(strictest, who);
  }
}
