/** Makes the data folder and its sub-folder, or says plainly why the folder cannot be used. */
import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Makes `dataDir` and `dataDir/spool` (0700) when they are missing. Throws `data folder … is not writable: CODE`. */
export function prepareFolder(dataDir: string): void {
  try {
    const firstMade = mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(join(dataDir, 'spool'), { recursive: true, mode: 0o700 });
    syncFolder(dataDir);
    if (firstMade !== undefined) syncParents(dataDir, dirname(firstMade));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Error(`data folder ${dataDir} is not writable: ${code}`, { cause });
  }
}

/** A new folder survives a power cut only if the folder that contains it was synced. */
function syncParents(folder: string, last: string): void {
  for (let parent = dirname(folder); parent.length >= last.length; parent = dirname(parent)) {
    syncFolder(parent);
    if (parent === dirname(parent)) return;
  }
}

function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
