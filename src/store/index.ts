/**
 * store: the only SQL. Takes a data folder and gives three stores behind asynchronous interfaces. A second process on the same folder is refused.
 * Every write is durable on resolve (WAL, synchronous=FULL, checked at each open). A call that throws has kept nothing. SQLite runs in worker
 * threads.
 */
export type { ApiKeyRecord, CredentialRecord, KeyRole } from './access-store.js';
export { type ChangedNoun, type ChangeFeed, makeChangeFeed } from './changes.js';
export type { AccountRecord, DirectoryStore } from './directory-store.js';
export type { DiskFacts, DiskRoom } from './disk-room.js';
export type { DkimKeyFilter, DkimKeyRecord, DomainChanges, DomainFilter, DomainRecord, DomainSettings } from './domain-store.js';
// The engine is chosen here and nowhere else.
export { makeDiskRoom } from './engines/sqlite/database/disk-room.js';
export { openStores } from './engines/sqlite/open-stores.js';
export { EVENT_FIELDS, type EventFilter } from './event-filter.js';
export type { EventPosition, EventQuery, EventStore, HttpCall, StoredEvent, StoredTranscript, TranscriptQuery } from './event-store.js';
export { addStoreMetrics } from './metrics.js';
export type { Page } from './page.js';
export type { DomainSource, PoolRecord, PoolReplacement, PoolStore } from './pool-store.js';
export {
  type Backlog,
  type BodyWriter,
  type Cursor,
  type DeliveryKey,
  EVERY_ACCOUNT,
  type Hold,
  type HoldFilter,
  type IdempotencyRecord,
  type Lease,
  type NewDelivery,
  type NewMessage,
  type OutboxEvent,
  type OutboxRow,
  type QueuedDelivery,
  type QueueFilter,
  type QueueStatistics,
  type Settlement,
  type SpoolHealth,
  type SpoolStore,
  type SpoolWatcher,
  type WaitingDelivery,
} from './spool-store.js';
export { startSweeping } from './start-sweeping.js';
export type { CommitStats, StoreOptions, Stores } from './stores.js';
export type { NamePage, TemplateRecord, TemplateStore, TemplateVersionRecord, TemplateVersionSummary } from './template-store.js';
export type { WarmupRecord, WarmupStore } from './warmup-store.js';
