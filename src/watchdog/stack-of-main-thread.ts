/** Says where in the code the event loop is. V8's debugger is asked, which can interrupt even an endless loop or a regular expression. */
import { Session } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 2000;
const FRAMES = 12;

interface Paused {
  params: { callFrames: { functionName: string; location: { scriptId: string; lineNumber: number } }[] };
}

interface ScriptParsed {
  params: { scriptId: string; url: string };
}

/** Functions, files and lines, innermost first; never values. Empty if the loop is in native code, or the debugger cannot be used. */
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
