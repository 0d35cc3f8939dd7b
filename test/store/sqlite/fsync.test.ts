/**
 * Power cuts cannot be had in a test, and kill -9 proves nothing about the disk: what can be seen is that an fsync of the log lies
 * before each acknowledgement, on the second start too, where SQLite would have become lazy by itself. Needs strace.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';
import { startChild } from '../support/start-child.ts';

let folder: ReturnType<typeof tempDir>;
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder.cleanup());

function canTrace(): boolean {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** How many files were synced before each mark, since the last. */
async function syncsPerStep(dataDir: string): Promise<Record<string, number>> {
  const trace = join(folder.path, 'trace');
  const child = startChild('sync', dataDir, { wrap: ['strace', '-f', '-e', 'trace=fsync,fdatasync,write', '-o', trace] });
  expect(await child.ended).toBe(0);
  const steps: Record<string, number> = {};
  let syncs = 0;
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    // A call that another thread interrupts in the trace is two lines; its end is the one with the result.
    if (/sync(\(\d+\)| resumed>.*\)) += 0/.test(line)) syncs++;
    const mark = /write\(1, "(?:mark )?([^\\]*)/.exec(line)?.[1];
    if (mark === undefined) continue;
    steps[mark] = syncs;
    syncs = 0;
  }
  return steps;
}

it.runIf(canTrace())('every acknowledged write was synced before, one sync for all that waited, none for reads', async () => {
  const dataDir = join(folder.path, 'data');
  await syncsPerStep(dataDir);
  const steps = await syncsPerStep(dataDir);
  expect(steps).toMatchObject({ 'another put': 1, reads: 0, 'writes of nothing': 0 });
  // The first write of a start syncs the head of the new log and its folder as well.
  expect(steps['one put']).toBeGreaterThanOrEqual(1);
  // All of one turn of the event loop; the worker may begin before the last of them, never once per message.
  expect(steps['100 puts at once']).toBeGreaterThanOrEqual(1);
  expect(steps['100 puts at once']).toBeLessThanOrEqual(3);
});
