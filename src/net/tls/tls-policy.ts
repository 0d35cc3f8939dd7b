/**
 * How much TLS a message needs at one mail exchanger: the strictest of what the sender asked for, what DANE says about the host, and what the
 * domain's MTA-STS policy says; pure.
 */

import type { TlsaRecord } from '../dns/dns-answer.js';
import type { TlsLevel } from './client-tls.js';
import type { DaneResult } from './dane.js';
import { mxMatches, type StsPolicy } from './sts-policy.js';

/** `none`: clear text. The others are the `TlsLevel`s. */
export type TlsDecisionLevel = 'none' | TlsLevel;

export interface TlsPolicyInput {
  configured: 'none' | 'may' | 'encrypt' | 'verify';
  /** Policy of the recipients' domain, or of the smarthost's name (RFC 8461 3.4). */
  sts?: StsPolicy | undefined;
  /** DANE of the host. */
  dane?: DaneResult | undefined;
  mxHost: string;
}

export interface TlsDecision {
  level: TlsDecisionLevel;
  /** For SNI. At level `verify` the certificate is checked against it. */
  servername: string;
  /**
   * The certificate must contain one of these names; if empty, any name will do. At level `dane` this applies only to certificates under a trust
   * anchor.
   */
  verifyNames: readonly string[];
  /** The records for `verifyTlsa`, set if the level is `dane`. */
  tlsa?: readonly TlsaRecord[];
  /** This host must not get the message. If all hosts are skipped, the message is deferred. */
  skipHost: boolean;
  /** The level comes from DANE. It applies to this destination only, because other destinations with the same host may not be signed. */
  byDane: boolean;
  /** Who asked for the level, or why the host is skipped. The text may be shown in a delivery-status. */
  reason: string;
}

/**
 * An MTA-STS policy of mode `testing` or `none` changes nothing. If DANE gives records, they are used instead of the public authorities, because
 * MTA-STS must not override DANE (RFC 8461 2). This is so even if the sender asked for `verify`, because DNSSEC vouches for the name just as well. A
 * host that is not in an enforced policy is skipped in any case.
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
