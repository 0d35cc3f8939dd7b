/** TLS options of outbound connections, for each level of the delivery's TLS policy. */
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext, type SecureContextOptions } from 'node:tls';

/**
 * `may`: TLS if the peer offers it, even weak TLS, because the alternative is clear text (RFC 7435).
 * `encrypt`: TLS 1.2 or better, any certificate. `verify`: also a certificate of a known authority for that name. `dane`: as `encrypt`; the
 * certificate is then for `verifyTlsa` to judge.
 */
export type TlsLevel = 'may' | 'encrypt' | 'verify' | 'dane';

/** `servername`: host name (or IP address) of the peer, sent as SNI and checked for `verify`. */
export type ClientTls = (level: TlsLevel, servername: string) => ConnectionOptions;

/**
 * Options that share one context per level: making one with `ca` takes 16 ms of the event loop, so it is not done for each connection.
 * `ca`: PEM certificates trusted beside the public authorities.
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

/** SNI takes no addresses (RFC 6066 3); `host` is what Node then checks the certificate against. */
function peerOptions(level: TlsLevel, servername: string): ConnectionOptions {
  return { ...(isIP(servername) > 0 ? { host: servername } : { servername }), rejectUnauthorized: level === 'verify' };
}

/** The authorities matter at every level: whether a certificate is good is recorded even where nobody insists on it. */
function contextOptions(level: TlsLevel, ca: readonly string[]): SecureContextOptions {
  const authorities = ca.length > 0 ? { ca: [...rootCertificates, ...ca] } : {};
  return level === 'may'
    ? { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', ...authorities }
    : { minVersion: 'TLSv1.2', ...authorities };
}
