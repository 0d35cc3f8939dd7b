/** What an engine gives once a data folder is open. */
import type { HistogramSnapshot } from '#metrics';
import type { DirectoryStore } from './directory-store.js';
import type { EventStore } from './event-store.js';
import type { SpoolStore } from './spool-store.js';

export interface StoreOptions {
  /** Absolute path of the data folder; made (0700) when it is missing. */
  dataDir: string;
  /** Called if a store thread dies. The process cannot go on and must exit, once, with a code other than zero. */
  onFatal: (error: Error) => void;
}

export interface Stores {
  directory: DirectoryStore;
  spool: SpoolStore;
  events: EventStore;
  /** The statistics of each database file. */
  commitStats(): Promise<CommitStats[]>;
  /** Answers the waiting calls, makes a checkpoint, and releases the folder. Later calls reject with StoreError `closed`. */
  close(): Promise<void>;
}

/** What a writer measured of its own group commits since the start. */
export interface CommitStats {
  /** `directory`, `spool`, `events`. */
  database: string;
  /** Seconds from the beginning of a group to the end of its commit. */
  group: HistogramSnapshot;
  /** Seconds of the COMMIT, which waits for the disk. */
  fsync: HistogramSnapshot;
  /** Calls per group. */
  size: HistogramSnapshot;
}
