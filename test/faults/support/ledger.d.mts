export interface LedgerLine {
  token: string;
  recipient: string;
  /** ms since the epoch. */
  at: number;
  /** Too large to be kept in the database. */
  isLarge?: boolean;
}

export function openLedger(file: string): { add(entry: LedgerLine): void; close(): void };
/** Whole lines only; a file that is not there yet is empty. */
export function readLedger(file: string): LedgerLine[];
