/** How much encryption a message needs on the way to its next hop; pure. */
import type { SendOptions } from '#core';
import type { Transport } from './transport.js';

/**
 * `none`: never TLS. `may`: TLS if offered, any certificate, in clear if that fails (RFC 7435). `encrypt`: TLS, any certificate.
 * `verify`: TLS and a certificate of a known authority for the host's name.
 */
export type TlsRequirement = 'none' | 'may' | 'encrypt' | 'verify';

const RANK: Record<TlsRequirement, number> = { none: 0, may: 1, encrypt: 2, verify: 3 };

/**
 * The stricter of what is set for the next hop (by its transport, or by the shaping of its provider) and what the sender asked for
 * (`o:require-tls`, `o:skip-verification`).
 */
export function decideTls(
  options: Pick<SendOptions, 'requireTls' | 'skipVerification'>,
  transport: Transport | undefined,
  siteTls: TlsRequirement = 'may',
): TlsRequirement {
  const asked: TlsRequirement = !options.requireTls ? 'may' : options.skipVerification ? 'encrypt' : 'verify';
  const set = transport === undefined ? siteTls : transportRequirement(transport);
  // `none` is the operator's word for a next hop that is reached over a safe path; only a sender who insists overrides it.
  if (asked === 'may') return set;
  return RANK[asked] > RANK[set] ? asked : set;
}

/** The sender asked for more than everybody needs there: that it cannot be had is nothing against the host. */
export const isSendersDemand = (tls: TlsRequirement, siteTls: TlsRequirement): boolean => RANK[tls] > RANK[siteTls];

export function transportRequirement({ tls, login }: Transport): TlsRequirement {
  switch (tls) {
    case 'none':
      return 'none';
    case 'may':
      // A password is not given to whoever strips STARTTLS from the reply to EHLO.
      return login === undefined ? 'may' : 'encrypt';
    case 'require':
      return 'encrypt';
    case 'implicit':
    case 'verify':
      return 'verify';
  }
}
