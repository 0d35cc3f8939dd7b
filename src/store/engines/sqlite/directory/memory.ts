/**
 * The changes that the writes of a group made in directory.db. Each write notes its changes; they are told with its answer, once the group is
 * committed.
 */
import type { ChangedNoun, ChangedNouns, DirectoryChange } from '../../../changes.js';
import type { GroupMemory } from '../database/nouns.js';

export interface DirectoryMemory extends GroupMemory {
  /** Everything that writes data of which others may keep copies must call it. Without a key: any record of the noun may have changed. */
  note<Noun extends ChangedNoun>(noun: Noun, key?: ChangedNouns[Noun]): void;
}

export function makeDirectoryMemory(): DirectoryMemory {
  let noted: DirectoryChange[] = [];
  return {
    note(noun, key) {
      noted.push({ noun, key: key === undefined ? undefined : String(key) });
    },
    takeChanges() {
      if (noted.length === 0) return undefined;
      const taken = noted;
      noted = [];
      return taken;
    },
    forget() {
      noted = [];
    },
  };
}
