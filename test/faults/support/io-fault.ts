/** The disk of a process in the hands of a test: its syncs or its writes fail with EIO when the test says so, by a small library that is preloaded. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('io-fault.c', import.meta.url));

export interface IoFault {
  /** For `wrap` of a world. */
  wrap(command: string[]): string[];
  /** From now on; `write`: syncs, too. */
  break(what: 'sync' | 'write'): void;
  mend(): void;
}

/** `where`: part of the names of the files that are on the broken disk. Or why there is none. */
export function makeIoFault(folder: string, where: string): IoFault | { reason: string } {
  const library = join(folder, 'io-fault.so');
  const { error, status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], { encoding: 'utf8' });
  if (error) return { reason: 'no C compiler is installed' };
  if (status !== 0) return { reason: `the library for faults cannot be compiled here: ${stderr.trim()}` };
  const trigger = join(folder, 'io-fault');
  const settings = [`LD_PRELOAD=${library}`, `IO_FAULT_TRIGGER=${trigger}`, `IO_FAULT_WHERE=${where}`];
  return {
    wrap: (command) => ['env', ...settings, ...command],
    break: (what) => writeFileSync(trigger, what),
    mend: () => rmSync(trigger, { force: true }),
  };
}
