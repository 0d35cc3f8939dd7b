/** What of the directory has changed, for whoever remembers what it has read. */

/** The nouns of which something is remembered, and what each is named by. */
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
  /** Its id. A change of one of its versions is one of the template. */
  template: number;
  /** Its public id. */
  pool: string;
  /** The domain whose mail leaves from elsewhere now, by its id. */
  domainSource: number;
}

export type ChangedNoun = keyof ChangedNouns;

/** One of a noun was made, changed or removed. Without a key: any of them may have been, so all that is remembered of the noun is worth nothing. */
export interface DirectoryChange {
  noun: ChangedNoun;
  key: string | undefined;
}

export type ChangeListener = (change: DirectoryChange) => void;

export interface ChangeFeed {
  /**
   * Tells of every change that is committed from now on, whoever made it, in the order of the commits. A change that this process made is told before the
   * promise of the write resolves. An engine that may have missed changes of others tells of every noun without a key. Gives the function that ends it.
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
