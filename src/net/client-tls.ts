/** TLS options of outbound connections, for each level of the delivery's TLS policy; pure. */
import { isIP } from 'node:net';
import { type ConnectionOptions, rootCertificates } from 'node:tls';

/**
 * `may`: TLS if the peer offers it, with whatever it can do, because the alternative is clear text (RFC 7435).
 * `encrypt`: TLS 1.2 or better, any certificate. `verify`: also a certificate of a known authority for that name.
 */
export type TlsLevel = 'may' | 'encrypt' | 'verify';

/** `servername`: host name (or IP address) of the peer, sent as SNI and checked for `verify`. `ca`: PEM certificates trusted beside the public authorities. */
export function clientTlsOptions(level: TlsLevel, servername: string, options: { ca?: readonly string[] } = {}): ConnectionOptions {
  // SNI takes no addresses (RFC 6066 3); `host` is what Node then checks the certificate against.
  const peer: ConnectionOptions = isIP(servername) > 0 ? { host: servername } : { servername };
  if (level === 'may') return { ...peer, rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
  if (level === 'encrypt') return { ...peer, rejectUnauthorized: false, minVersion: 'TLSv1.2' };
  const ca = options.ca && options.ca.length > 0 ? { ca: [...rootCertificates, ...options.ca] } : {};
  return { ...peer, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...ca };
}
