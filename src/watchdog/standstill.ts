/** Decides whether the event loop stands still, from what the watchdog sees each time it looks, and says where in the code it is then. */
import { Session } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the watchdog looks, ms. */
export const LOOK_EVERY = 500;
/** If a look comes so late, the watchdog itself did not run, ms. What it sees then says nothing about the event loop. */
const LATE = 2000;

/** `now`: monotonic, ms. True if the counter has not changed for `afterMs` of the time in which the process as a whole ran. */
export function makeStandingTest(afterMs: number, start: number): (beat: number, now: number) => boolean {
  let lastBeat = Number.NaN;
  let movedAt = start;
  let lookedAt = start;
  return (beat, now) => {
    const wasAway = now - lookedAt > LOOK_EVERY + LATE;
    lookedAt = now;
    if (beat !== lastBeat || wasAway) {
      lastBeat = beat;
      movedAt = now;
    }
    return now - movedAt >= afterMs;
  };
}

const PATIENCE_MS = 2000;
const FRAMES = 12;

interface Paused {
  params: { callFrames: { functionName: string; location: { scriptId: string; lineNumber: number } }[] };
}

interface ScriptParsed {
  params: { scriptId: string; url: string };
}

/**
 * Says where in the code the event loop is: functions, files and lines, innermost first; never values. V8's debugger is asked, which can interrupt even
 * an endless loop or a regular expression. Empty if the loop is in native code, or the debugger cannot be used.
 */
export async function stackOfMainThread(): Promise<string[]> {
  const session = new Session();
  try {
    session.connectToMainThread();
    const urls = new Map<string, string>();
    session.on('Debugger.scriptParsed', ({ params }: ScriptParsed) => void urls.set(params.scriptId, params.url));
    const paused = new Promise<string[]>((resolve) => {
      session.once('Debugger.paused', ({ params }: Paused) => {
        const shown = params.callFrames.slice(0, FRAMES).map(({ functionName, location: { scriptId, lineNumber } }) => {
          return `${functionName || 'anonymous'} ${shortOf(urls.get(scriptId) ?? '')}:${lineNumber + 1}`;
        });
        resolve(shown);
      });
    });
    session.post('Debugger.enable');
    session.post('Debugger.pause');
    return await Promise.race([paused, sleep(PATIENCE_MS, [])]);
  } catch {
    return [];
  }
}

/** The path of a file without the program's own folder. */
const shortOf = (url: string) => url.replace(/^.*\/(?=(?:dist|node_modules)\/)/, '');
