/** What a writer thread measures of its own group commits, since the start. */
import type { HistogramSnapshot } from '#metrics';

export interface CommitStats {
  /** `directory`, `spool`, `events`. */
  database: string;
  /** Seconds from the begin of a group to the end of its commit. */
  group: HistogramSnapshot;
  /** Seconds of the COMMIT, which waits for the disk. */
  fsync: HistogramSnapshot;
  /** Calls per group. */
  size: HistogramSnapshot;
}
