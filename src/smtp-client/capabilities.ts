/** What a peer says it can do, read from its reply to EHLO (RFC 5321 4.1.1.1); pure. */
export interface Capabilities {
  eightBitMime: boolean;
  smtpUtf8: boolean;
  pipelining: boolean;
  /** Largest message it takes, bytes; 0: it did not say. */
  maxSize: number;
}

/** A peer that only knew HELO has none of them. */
export function parseCapabilities(reply: string): Capabilities {
  const lines = reply
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.slice(4).trim().toUpperCase());
  const has = (keyword: string) => lines.some((line) => line === keyword || line.startsWith(`${keyword} `));
  const size = lines.map((line) => /^SIZE\s+(\d{1,15})$/.exec(line)?.[1]).find((digits) => digits !== undefined);
  return { eightBitMime: has('8BITMIME'), smtpUtf8: has('SMTPUTF8'), pipelining: has('PIPELINING'), maxSize: Number(size ?? 0) };
}
