// @ts-check
import { readFileSync } from 'node:fs';

/** User and system time of all threads of a process, µs. @param {number} pid */
export function processorTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  // In ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
