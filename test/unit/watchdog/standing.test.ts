import { expect, it } from 'vitest';
import { makeNote, newPulse, readNote } from '#watchdog/pulse.js';
import { LOOK_EVERY, makeStandingTest } from '#watchdog/standstill.js';

/** Looks as often as the watchdog does; gives when it first thought that the loop stands still. */
function firstStanding(beatAt: (now: number) => number, looks: number[]): number | undefined {
  const test = makeStandingTest(30_000, 0);
  return looks.find((now) => test(beatAt(now), now));
}
const every = (from: number, to: number) => Array.from({ length: (to - from) / LOOK_EVERY }, (_, index) => from + index * LOOK_EVERY);

it('a loop that moves now and then does not stand still', () => {
  expect(firstStanding((now) => Math.floor(now / 29_000), every(0, 200_000))).toBeUndefined();
});

it('one that has not moved for half a minute does', () => {
  expect(firstStanding((now) => Math.min(now, 10_000), every(0, 60_000))).toBe(40_000);
});

it('a process that was stopped as a whole is given its time again', () => {
  // Nobody ran for ten minutes, and the loop takes 20 s to come round after that.
  const beat = (now: number) => (now < 10_000 ? now : now < 630_000 ? 10_000 : now);
  expect(firstStanding(beat, [...every(0, 10_000), ...every(610_000, 700_000)])).toBeUndefined();
  // It does not come round at all.
  expect(firstStanding((now) => Math.min(now, 10_000), [...every(0, 10_000), ...every(610_000, 700_000)])).toBe(640_000);
});

it('the note is what was said last, cut to its room', () => {
  const pulse = newPulse();
  const note = makeNote(pulse);
  expect(readNote(pulse)).toBe('');
  note('render: delivery 1');
  note('sign');
  expect(readNote(pulse)).toBe('sign');
  note('x'.repeat(10_000));
  expect(readNote(pulse)).toBe('x'.repeat(256));
});
