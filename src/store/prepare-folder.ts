/** Makes the data folder with what must be in it, or says plainly why it cannot be used. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Makes `dataDir` and `dataDir/spool` (0700) when they are missing. Throws `data folder … is not writable: CODE`. */
export function prepareFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(join(dataDir, 'spool'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Error(`data folder ${dataDir} is not writable: ${code}`, { cause });
  }
}
