/** Instead of records. `timeout`: no answer. `wrong-id`, `wrong-question`: only a forged answer (to 6.6.6.6). `garbage`: the right id, then noise. */
export type FakeDnsSpecial =
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'notimp'
  | 'formerr'
  | 'timeout'
  | 'garbage'
  | 'wrong-id'
  | 'wrong-question';

/** Records, a special answer, or a function of how often this (name, type) was asked, from 1 (for answers that alternate). */
export type FakeDnsAnswer<T> = T[] | FakeDnsSpecial | ((count: number) => T[] | FakeDnsSpecial);

export interface FakeDnsEntry {
  A?: FakeDnsAnswer<string>;
  AAAA?: FakeDnsAnswer<string>;
  /** `[{ preference: 0, exchange: '.' }]` is the null MX. */
  MX?: FakeDnsAnswer<{ preference: number; exchange: string }>;
  /** A record is one string or the list of its strings. */
  TXT?: FakeDnsAnswer<string | string[]>;
  NS?: FakeDnsAnswer<string>;
  PTR?: FakeDnsAnswer<string>;
  TLSA?: FakeDnsAnswer<{ usage: number; selector: number; matchingType: number; certificate: Buffer }>;
  /** Followed inside the table, as a recursive resolver does. A chain that closes on itself is a loop. */
  CNAME?: string;
  /** The answer ends at the CNAME; the target must be asked for. */
  lone?: boolean;
  /** Seconds; 300. */
  ttl?: number;
  /** Sets the AD bit. */
  ad?: boolean;
  /** Over UDP the answer is empty with TC set; over TCP it is whole. */
  truncate?: boolean;
  /** FORMERR to questions with EDNS0. */
  noEdns?: boolean;
  /** Before the true UDP answer, ms. */
  delayMs?: number;
  /** Forged UDP answers (to 6.6.6.6, or MX forged.test) sent before the true one. */
  lies?: ('wrong-id' | 'wrong-question' | 'wrong-source' | 'not-a-response')[];
}

export interface FakeDns {
  port: number;
  /** `127.0.0.1:port`, as `dns.servers` takes it. */
  address: string;
  queries: { name: string; type: string; transport: 'udp' | 'tcp'; edns: boolean; id: number; port: number }[];
  /** How many queries came (of that name and type). */
  count(name?: string, type?: string): number;
  set(name: string, entry: FakeDnsEntry | FakeDnsSpecial): void;
  remove(name: string): void;
  close(): Promise<void>;
}

/** A DNS server on a free port of 127.0.0.1, UDP and TCP. Names not in the table are NXDOMAIN; `*.example.test` covers one label. */
export function startFakeDns(zones?: Record<string, FakeDnsEntry | FakeDnsSpecial>): Promise<FakeDns>;
