import type { DirectoryStore } from './directory-store.js';
import type { EventStore } from './event-store.js';
import type { SpoolStore } from './spool-store.js';

export interface StoreOptions {
  /** Absolute path of the data folder; made (0700) when it is missing. */
  dataDir: string;
  /** Called when a store thread dies: the process cannot go on and must exit non-zero once. */
  onFatal: (error: Error) => void;
}

export interface Stores {
  directory: DirectoryStore;
  spool: SpoolStore;
  events: EventStore;
  /** Answers what waits, checkpoints, releases the folder. Later calls reject with StoreError `closed`. */
  close(): Promise<void>;
}

export declare function openStores(options: StoreOptions): Promise<Stores>;
