// @ts-check
/** An append-only list of JSON lines that is on the disk before the call returns; read by whoever wants to know. */
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync } from 'node:fs';

/** @param {string} file */
export function openLedger(file) {
  const descriptor = openSync(file, 'a');
  return {
    /** @param {object} entry */
    add(entry) {
      appendFileSync(descriptor, `${JSON.stringify(entry)}\n`);
      fsyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** Whole lines only; a file that is not there yet is empty. @param {string} file @returns {any[]} */
export function readLedger(file) {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
