/** The watchdog's own thread: looks, and when the event loop stands still writes one log line and ends the process. */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { systemClock } from '#core';
import { BEAT, beatsOf, readNote } from './pulse.js';
import { LOOK_EVERY, makeStandingTest, stackOfMainThread } from './standstill.js';
import type { WatchdogData } from './watchdog.js';

const { pulse, standstillMs } = workerData as WatchdogData;
const beats = beatsOf(pulse);
const isStanding = makeStandingTest(standstillMs, systemClock.monotonic());

setInterval(async () => {
  if (!isStanding(Atomics.load(beats, BEAT), systemClock.monotonic())) return;
  const stack = await stackOfMainThread();
  const line = {
    ...{
      level: 60,
      time: new Date(systemClock.now()).toISOString(),
      seconds: Math.round(standstillMs / 1000),
      doing: readNote(pulse),
      stack,
    },
    msg: 'the event loop stands still: ending the process, to be started anew',
  };
  try {
    // Written here, because the logger belongs to the event loop and stands still too.
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch {
    // The process must end even if nobody reads the log.
  }
  process.kill(process.pid, 'SIGKILL');
  await sleep(standstillMs);
}, LOOK_EVERY);
