/** The wall clock of a process in the hands of a test, by libfaketime; its monotonic clock goes on as it is. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'faketime/libfaketimeMT.so.1';

/** Path of the library; undefined where it is not installed. */
export function findLibfaketime(): string | undefined {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib', { withFileTypes: true }).map(({ name }) => join('/usr/lib', name))];
  return folders.map((folder) => join(folder, NAME)).find((path) => existsSync(path));
}

export interface FakeTime {
  /** For `wrap` of a world. */
  wrap(command: string[]): string[];
  /** `+2d`, `-1d`, `+0`: how far the clock is off from now on. */
  jump(by: string): void;
}

export function makeFakeTime(library: string, folder: string): FakeTime {
  const file = join(folder, 'faketime');
  const jump = (by: string) => writeFileSync(file, `${by}\n`);
  jump('+0');
  const settings = [
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${file}`,
    // Read at every look at the clock, so that a jump is a jump.
    'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
    'NO_FAKE_STAT=1',
  ];
  return { jump, wrap: (command) => ['env', ...settings, ...command] };
}
