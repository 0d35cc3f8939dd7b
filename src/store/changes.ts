/** Reports changes of the directory to everybody who keeps a copy of what they have read. */

/** The nouns of which copies are kept, and what each is named by. */
export interface ChangedNouns {
  /** Its id. */
  account: number;
  /** Its name. */
  domain: string;
  /** The id of its domain. */
  dkimKey: number;
  /** Its login. */
  credential: string;
  /** Its id. */
  apiKey: string;
  /** Its id. If a version changes, its template has changed. */
  template: number;
  /** Its public id. */
  pool: string;
  /** The domain's id: its mail now leaves from other addresses. */
  domainSource: number;
}

export type ChangedNoun = keyof ChangedNouns;

/** One record of a noun was made, changed or removed. Without a key it may have been any record, so all copies of that noun are out of date. */
export interface DirectoryChange {
  noun: ChangedNoun;
  key: string | undefined;
}

export type ChangeListener = (change: DirectoryChange) => void;

export interface ChangeFeed {
  /**
   * Tells of every change that is committed from now on, whoever made it, in the order of the commits. A change made by this process is told before
   * the promise of the write resolves. An engine that may have missed changes of other processes tells of every noun without a key. Gives the
   * function that ends the subscription.
   */
  subscribe(listener: ChangeListener): () => void;
}

/** `publish` is for the engine. */
export function makeChangeFeed(): ChangeFeed & { publish(changes: readonly DirectoryChange[]): void } {
  const listeners = new Set<ChangeListener>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    publish(changes) {
      for (const change of changes) for (const listener of listeners) listener(change);
    },
  };
}
