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
  // With `none` the operator says that the next hop is reached over a safe network. Only a sender who asks for TLS overrides it.
  if (asked === 'may') return set;
  return RANK[asked] > RANK[set] ? asked : set;
}

/** The sender asked for more TLS than all mail to the site needs. If it cannot be had, that says nothing against the host. */
export const isSendersDemand = (tls: TlsRequirement, siteTls: TlsRequirement): boolean => RANK[tls] > RANK[siteTls];

export function transportRequirement({ tls, login }: Transport): TlsRequirement {
  switch (tls) {
    case 'none':
      return 'none';
    case 'may':
      // An attacker who strips STARTTLS from the reply to EHLO must not get the password.
      return login === undefined ? 'may' : 'encrypt';
    case 'require':
      return 'encrypt';
    case 'implicit':
    case 'verify':
      return 'verify';
  }
}
