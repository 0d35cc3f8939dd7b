/** A store in memory with the feed of changes that the caches of the directory listen to: after each of these writes any of the noun may have changed. */
import { type ChangedNoun, type DirectoryStore, makeChangeFeed } from '#store';

export function withChanges<Store extends object>(
  store: Store,
  noun: ChangedNoun,
  writes: readonly (keyof Store)[],
): Store & Pick<DirectoryStore, 'changes'> {
  const changes = makeChangeFeed();
  const telling = writes.map((name) => {
    const write = store[name] as (...args: unknown[]) => Promise<unknown>;
    const told = async (...args: unknown[]) => {
      const result = await write(...args);
      changes.publish([{ noun, key: undefined }]);
      return result;
    };
    return [name, told];
  });
  return { ...store, ...Object.fromEntries(telling), changes };
}
