/** The effective configuration as the rest of the program reads it: every key has its value, lists are parsed, paths are absolute. */

/** Where a listener binds. Port 0 asks the system for a free port. */
export interface Listener {
  /** IP address (without brackets) or host name. */
  readonly host: string;
  readonly port: number;
}

export const TRANSPORT_TLS = ['none', 'may', 'require', 'verify', 'implicit'] as const;

/**
 * `none`: never STARTTLS. `may`: STARTTLS if it is offered, any certificate. `require`: STARTTLS or no delivery, any certificate.
 * `verify`: STARTTLS with a certificate valid for the host. `implicit`: TLS from the first byte, with a valid certificate.
 */
export type TransportTls = (typeof TRANSPORT_TLS)[number];

/** An address that mail leaves from, or a pair of an IPv4 and an IPv6 address that count as one. */
export interface SourceConfig {
  readonly ipv4?: string;
  /** In the short form of RFC 5952. */
  readonly ipv6?: string;
  /** Name given with EHLO; absent: the server's hostname. */
  readonly ehlo?: string;
}

export const TRANSPORT_WHEN = ['always', 'fallback'] as const;

/** A smarthost for matching destinations. The first entry of its kind (`when`) that matches is used. */
export interface TransportConfig {
  /** `*`, a domain, or `*.domain` for everything below it; lower-case ASCII. */
  readonly match: string;
  /** `fallback`: only while the destination's own mail exchangers cannot be reached from here. */
  readonly when: (typeof TRANSPORT_WHEN)[number];
  /** With `fallback`: only for destinations whose mail exchangers belong to this provider of the shaping. */
  readonly provider?: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TransportTls;
  /** Present together with `password` or not at all. */
  readonly login?: string;
  readonly password?: string;
}

export interface Config {
  readonly hostname: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly listen: {
    readonly smtp: readonly Listener[];
    readonly smtps: readonly Listener[];
    readonly http: readonly Listener[];
  };
  /** Absolute paths of PEM files, or both null: the server makes a self-signed pair in dataDir. */
  readonly tls: { readonly cert: string | null; readonly key: string | null };
  /** CIDRs with an explicit prefix and no host bits set. */
  readonly trustedNetworks: readonly string[];
  /** `address`, `address:port` or `[address]:port`, as node:dns takes them; empty: the system's. */
  readonly dns: { readonly servers: readonly string[] };
  readonly delivery: {
    readonly port: number;
    /** Addresses of this machine; empty: the system's choice. */
    readonly sources: readonly SourceConfig[];
    readonly transports: readonly TransportConfig[];
    readonly allowPrivateNetworks: boolean;
    /** PEM file of authorities trusted beside the public ones, for certificates of other servers: absolute path, or null for none. */
    readonly extraCa: string | null;
    /** Port at which MTA-STS policies are fetched: 443, except in tests. */
    readonly mtaStsPort: number;
  };
  /** Requests to customers' servers. */
  readonly webhooks: {
    /** Customers' URLs may lead to loopback and private addresses. */
    readonly allowPrivateNetworks: boolean;
  };
  readonly limits: {
    /** Recipients a domain may send to per day before its DNS records are verified; null: no limit. */
    readonly unverifiedDomainPerDay: number | null;
    /** Open deliveries of an account beyond which it sends nothing more; null: no limit. */
    readonly queuedPerAccount: number | null;
    /** Bytes of messages with open deliveries of an account beyond which it sends nothing more; null: no limit. */
    readonly queuedBytesPerAccount: number | null;
    /** Requests to the HTTP API of an account per minute; null: no limit. */
    readonly apiRequestsPerMinute: number | null;
    /** Connections to the SMTP listeners, and to the HTTP listeners; auto: by the files that the process may open. */
    readonly smtpConnections: number | 'auto';
    readonly httpConnections: number | 'auto';
    /** How many SMTP connections, and how many HTTP connections, one address (IPv4, or IPv6 /64) may have. Not for trusted networks, nor for this machine over HTTP. */
    readonly connectionsPerAddress: number;
    /** Tags of one message, 1 to 10. */
    readonly tagsPerMessage: number;
    /** Free bytes of the disk of dataDir below which no mail is accepted; auto: by the size of the disk. */
    readonly diskFloor: number | 'auto';
  };
  readonly addresses: {
    /** Local parts like `a..b` and `a.` are taken at the domains of config/loose-dots.yaml. */
    readonly looseDots: boolean;
  };
  /** The operator's own shaping rules (docs/shaping.md): absolute path, or null for none. */
  readonly shaping: { readonly file: string | null };
  /** The operator's own bounce rules (docs/bounces.md): absolute path, or null for none. */
  readonly bounceRules: { readonly file: string | null };
}

/** Where a value comes from: `default`, or the file and line that set it (`/etc/mailwagon/mailwagon.yaml:3`). */
export type Origin = 'default' | (string & {});

export interface LoadedConfig {
  readonly config: Config;
  /** By key path (`listen.smtp`), one entry for each key of KEY_PATHS. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** Absolute path of the file that was read; absent when everything is default. */
  readonly file?: string;
}
