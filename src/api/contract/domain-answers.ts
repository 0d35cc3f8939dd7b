/** JSON of the Domains group. */
export interface DomainJson {
  /** 24 hex digits. */
  id: string;
  name: string;
  state: 'active' | 'unverified' | 'disabled';
  type: 'custom' | 'sandbox';
  /** `Wed, 10 Jul 2013 19:26:52 GMT`. */
  created_at: string;
  smtp_login: string;
  spam_action: 'disabled' | 'tag' | 'block';
  wildcard: boolean;
  require_tls: boolean;
  skip_verification: boolean;
  is_disabled: boolean;
  web_prefix: string;
  web_scheme: 'http' | 'https';
  tracking_host: string;
  use_automatic_sender_security: boolean;
  encrypt_incoming_message: boolean;
  force_dkim_authority: boolean;
  force_root_dkim_host: boolean;
  dkim_host: string;
  mailfrom_host: string;
  /** Absent when there is none. */
  archive_to?: string;
  /** s. */
  message_ttl: number;
}

export interface DnsRecordJson {
  is_active: boolean;
  cached: string[];
  /** Not part of Mailgun's answer: the look-up failed, so `valid` is unknown. `timeout`, `unreachable`, `servfail`, … */
  lookup_error?: string;
  name?: string;
  /** A number as text, on MX records only. */
  priority?: string;
  record_type: 'TXT' | 'MX' | 'CNAME';
  valid: 'valid' | 'invalid' | 'unknown';
  value: string;
}

export interface DomainAnswer {
  message?: string;
  domain: DomainJson;
  use_automatic_sender_security: boolean;
  receiving_dns_records: DnsRecordJson[];
  sending_dns_records: DnsRecordJson[];
}

export interface DomainListAnswer {
  total_count: number;
  items: DomainJson[];
}

export interface MessageAnswer {
  message: string;
}

export interface ConnectionJson {
  require_tls: boolean;
  skip_verification: boolean;
}

/** The service and the JavaScript client have it flat; those of Go, PHP and Java read it below `connection`. */
export interface ConnectionAnswer extends ConnectionJson {
  connection: ConnectionJson;
}

/** The PHP client reads the names with dashes. */
export interface ConnectionSetAnswer extends MessageAnswer, ConnectionAnswer {
  'require-tls': boolean;
  'skip-verification': boolean;
}
