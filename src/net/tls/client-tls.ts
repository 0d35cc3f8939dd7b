/** TLS options of outbound connections, for each level of the delivery's TLS policy. */
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext, type SecureContextOptions } from 'node:tls';

/**
 * `may`: TLS if the peer offers it, even weak TLS, because the alternative is clear text (RFC 7435). `encrypt`: TLS 1.2 or better, any certificate.
 * `verify`: like `encrypt`, but the certificate must be from a known authority and for that name. `dane`: like `encrypt`, and then `verifyTlsa`
 * checks the certificate.
 */
export type TlsLevel = 'may' | 'encrypt' | 'verify' | 'dane';

/** `servername`: host name (or IP address) of the peer. It is sent as SNI, and for `verify` the certificate is checked for it. */
export type ClientTls = (level: TlsLevel, servername: string) => ConnectionOptions;

/**
 * Connections of one level share one context, because making a context with `ca` blocks the event loop for 16 ms. `ca`: PEM certificates that are
 * trusted in addition to the public authorities.
 */
export function makeClientTls({ ca = [] }: { ca?: readonly string[] } = {}): ClientTls {
  const contexts = new Map<TlsLevel, SecureContext>();

  function contextOf(level: TlsLevel): SecureContext {
    const known = contexts.get(level);
    if (known !== undefined) return known;
    const made = createSecureContext(contextOptions(level, ca));
    contexts.set(level, made);
    return made;
  }

  return (level, servername) => ({ ...peerOptions(level, servername), secureContext: contextOf(level) });
}

/** SNI may not hold an address (RFC 6066 3). Node checks the certificate against `host`. */
function peerOptions(level: TlsLevel, servername: string): ConnectionOptions {
  return { ...(isIP(servername) > 0 ? { host: servername } : { servername }), rejectUnauthorized: level === 'verify' };
}

/** Every level has the authorities, because we always record whether the certificate is valid, even if that is not required. */
function contextOptions(level: TlsLevel, ca: readonly string[]): SecureContextOptions {
  const authorities = ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {};
  return level === 'may'
    ? { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', ...authorities }
    : { minVersion: 'TLSv1.2', ...authorities };
}
