/**
 * The operations of one database file are a table with a line for each noun: its tables, and the factories of its operations by the place where they
 * run. The threads serve the operations that the factories make. The caller's side has the same names and types, as promises. So a new noun is a new
 * line.
 */
import type { DirectoryChange } from '../../../changes.js';
import type { RetentionRule } from '../../../retention.js';
import type { Connection } from './open-database.js';

/** Operations by their names. Their argument types are those of the table, which the caller's side is checked against. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant; `never[]` would forbid the call and `unknown[]` the handlers
export type Handlers = Record<string, (...args: any[]) => unknown>;

/** What the operations of one file remember during a group commit. */
export interface GroupMemory {
  /** Checks whether this thread may write at all. If it throws, every call of the group is answered with that error. */
  afterBegin?(): void;
  /** True if this thread may never write again, so the process has to end. */
  lost?(): boolean;
  /** The changes that the last call made in the directory; asked once after each call. */
  takeChanges?(): readonly DirectoryChange[] | undefined;
  /** Writes what the calls of the group have gathered, as part of the group's transaction. */
  beforeCommit?(): void;
  /** Forgets facts about rows that a rollback has undone. Runs after every rollback, whole or partial. */
  forget?(): void;
}

/** `Shared` is what the operations of one file remember together, in the thread that writes it. */
export interface Noun<Shared> {
  /** How long the rows of each of its tables are kept. */
  tables?: Record<string, RetentionRule>;
  /**
   * Quick reads that mail waits for (one seek each). The thread that writes the file answers them, after the commit of the writes that came with
   * them.
   */
  lookups?: (database: Connection, shared: Shared) => Handlers;
  /** Each write is one unit of a group commit. */
  writes?: (database: Connection, shared: Shared) => Handlers;
  /** Reads that may take longer. The reader thread answers them. */
  lists?: (database: Connection) => Handlers;
}

export type Nouns<Shared> = Record<string, Noun<Shared>>;

type Intersection<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer A) => void ? A : never;
type Made<N> = { [Part in keyof N]: N[Part] extends (...args: never[]) => infer H ? H : never }[keyof N];

/** The operations of all nouns of a table. */
export type OperationsOf<Table> = Intersection<{ [Name in keyof Table]: Made<Table[Name]> }[keyof Table]>;

/** Methods of a store's interface in the form of a thread, which answers at once. */
export type Answers<Store, Names extends keyof Store> = {
  [Name in Names]: Store[Name] extends (...args: infer Args) => Promise<infer Result> ? (...args: Args) => Result : never;
};

/** All operations of a table that run in one place. Throws if two nouns have an operation of the same name. */
export function makeHandlers<Shared>(nouns: Nouns<Shared>, make: (noun: Noun<Shared>) => Handlers | undefined): Handlers {
  const handlers: Handlers = {};
  for (const noun of Object.values(nouns)) {
    for (const [name, handler] of Object.entries(make(noun) ?? {})) {
      if (Object.hasOwn(handlers, name)) throw new Error(`two operations are called ${name}`);
      handlers[name] = handler;
    }
  }
  return handlers;
}
