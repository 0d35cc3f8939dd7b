// @ts-check
/** A folder of its own for a test, gone when it is cleaned up or the process ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function tempDir(prefix = 'mailwagon-test-') {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const cleanup = () => {
    process.removeListener('exit', cleanup);
    rmSync(path, { recursive: true, force: true });
  };
  process.on('exit', cleanup);
  return { path, cleanup };
}
