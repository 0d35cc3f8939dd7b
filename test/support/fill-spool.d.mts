export interface Filling {
  dataDir: string;
  /** A hosted domain, whose account they are. */
  domain: string;
  /** Address of the recipient of that number, from 0. */
  recipient: (index: number) => string;
  rows: number;
  /** Recipients of one message, 500 unless given. */
  perMessage?: number;
  /** Bulk unless given. */
  priority?: 0 | 1 | 2;
  /** Body, lines with CRLF. */
  text?: string;
}

/** They are all due at once. The server must not be running. */
export function fillSpool(filling: Filling): Promise<void>;
