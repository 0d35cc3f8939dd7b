/** The caller's side of each database file: the operations of its table of nouns, as promises. */
import type { OperationsOf } from './database/nouns.js';
import type { DIRECTORY_NOUNS } from './directory/nouns.js';
import type { EVENT_NOUNS } from './events/nouns.js';
import type { SPOOL_NOUNS } from './spool/nouns.js';
import { type Calls, makeCalls, type StoreThread } from './threads/store-thread.js';

export interface DatabaseCalls {
  directory: Calls<OperationsOf<typeof DIRECTORY_NOUNS>>;
  spool: Calls<OperationsOf<typeof SPOOL_NOUNS>>;
  events: Calls<OperationsOf<typeof EVENT_NOUNS>>;
}

export const makeDatabaseCalls = (threads: readonly StoreThread[]): DatabaseCalls => ({
  directory: makeCalls<OperationsOf<typeof DIRECTORY_NOUNS>>('directory', threads),
  spool: makeCalls<OperationsOf<typeof SPOOL_NOUNS>>('spool', threads),
  events: makeCalls<OperationsOf<typeof EVENT_NOUNS>>('events', threads),
});
