/** Smarthosts: which destinations go to a configured host instead of their mail exchangers; pure. */
export interface Transport {
  /** `*`: every destination. `example.com`: that domain. `.example.com` or `*.example.com`: its subdomains. */
  match: string;
  /** `fallback`: only while the destination's own exchangers cannot be reached. `always` unless given. */
  when?: 'always' | 'fallback';
  /** Of a fallback: only for mail exchangers of this provider of the shaping. */
  provider?: string;
  /** Name or IP address. */
  host: string;
  port: number;
  /**
   * `none`: never. `may`: STARTTLS if offered (with a login: required). `require`: STARTTLS, any certificate. `verify`: STARTTLS and a
   * certificate for that name. `implicit`: TLS from the first byte and a certificate for that name.
   */
  tls: 'none' | 'may' | 'require' | 'verify' | 'implicit';
  login?: string;
  password?: string;
}

/** The first transport whose `match` fits, in the order of the configuration. `destination` is lower-case ASCII. */
export function findTransport(transports: readonly Transport[], destination: string): Transport | undefined {
  return transports.find(({ match, when }) => when !== 'fallback' && matches(match.toLowerCase(), destination));
}

/** The first fallback transport that fits, for exchangers that cannot be reached. `provider`: whose exchangers they are, where that is known. */
export function findFallback(transports: readonly Transport[], destination: string, provider: string | undefined): Transport | undefined {
  return transports.find(
    (one) =>
      one.when === 'fallback' && matches(one.match.toLowerCase(), destination) && (one.provider === undefined || one.provider === provider),
  );
}

/** Name of the site that a smarthost is. */
export const siteOfTransport = ({ host, port }: Transport): string => `${host}:${port}`;

function matches(pattern: string, destination: string): boolean {
  if (pattern === '*') return true;
  const suffix = pattern.startsWith('*.') ? pattern.slice(1) : pattern;
  return suffix.startsWith('.') ? destination.endsWith(suffix) : destination === suffix;
}
