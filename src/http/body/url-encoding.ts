/**
 * Reads `application/x-www-form-urlencoded`, as lenient as a browser: a percent sign that begins no escape stays as it is. A long body is decoded in
 * steps, so that other requests have their turn.
 */
import { setImmediate } from 'node:timers/promises';
import { badRequest } from '#core';
import { bodyLimits } from './body-limits.js';
import type { FormEntry } from './form.js';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const PERCENT = 0x25;
const SPACE = 0x20;
/** Bytes decoded in one step. */
const STEP = 1024 * 1024;

/** Refusal 400 for more parameters than there may be. */
export function parseUrlEncoded(text: string): FormEntry[] {
  const reading = readPairs(Buffer.from(text, 'utf8'));
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
  }
}

/** For a body of any size, in steps. Refusal 400 for more parameters than there may be. */
export async function parseUrlEncodedBody(bytes: Buffer): Promise<FormEntry[]> {
  const reading = readPairs(bytes);
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

function* readPairs(bytes: Buffer): Generator<undefined, FormEntry[]> {
  const entries: FormEntry[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(AMPERSAND, start);
    const end = found < 0 ? bytes.length : found;
    const equals = bytes.subarray(start, end).indexOf(EQUALS);
    const nameEnd = equals < 0 ? end : start + equals;
    if (end > start) {
      if (entries.length === bodyLimits.fields) throw badRequest(`Too many parameters, max is ${bodyLimits.fields}`);
      const name = yield* decode(bytes.subarray(start, nameEnd));
      entries.push({ name, value: yield* decode(bytes.subarray(Math.min(end, nameEnd + 1), end)) });
    }
    start = end + 1;
  }
  return entries;
}

function* decode(bytes: Buffer): Generator<undefined, string> {
  // Most names and many values need no decoding.
  if (bytes.length < STEP && !bytes.includes(PLUS) && !bytes.includes(PERCENT)) return bytes.toString('utf8');
  const out = Buffer.allocUnsafe(bytes.length);
  let to = 0;
  let next = STEP;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= next) {
      next += STEP;
      yield;
    }
    const byte = bytes[at] as number;
    const high = byte === PERCENT ? hexValue(bytes[at + 1]) : -1;
    const low = high < 0 ? -1 : hexValue(bytes[at + 2]);
    if (low >= 0) {
      out[to++] = (high << 4) | low;
      at += 2;
    } else out[to++] = byte === PLUS ? SPACE : byte;
  }
  return out.toString('utf8', 0, to);
}

function hexValue(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
