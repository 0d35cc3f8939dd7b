/** Runs child.mjs and gives its lines; every child is ended with its test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./child.mjs', import.meta.url));

export interface Child {
  process: ChildProcess;
  /** All lines so far. */
  lines: string[];
  /** The next line that begins so, also one that was printed before; rejects when the child ends without it. */
  line(beginning: string): Promise<string>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Exit code, null after a signal. */
  ended: Promise<number | null>;
}

/** `wrap` puts other words before the command, such as a shell that sets limits. */
export function startChild(
  role: 'hold' | 'put' | 'fill' | 'sync',
  dataDir: string,
  options: { wrap?: string[]; uid?: number } = {},
): Child {
  const [command = '', ...args] = [...(options.wrap ?? []), process.execPath, SCRIPT, role, dataDir];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], uid: options.uid, gid: options.uid });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const drained = once(reader, 'close');
  const ended = Promise.all([once(child, 'exit'), drained]).then(([[code]]) => code as number | null);
  return {
    process: child,
    lines,
    async line(beginning) {
      for (;;) {
        const found = lines.find((line) => line.startsWith(beginning));
        if (found !== undefined) return found;
        const next = await Promise.race([once(reader, 'line').then(() => true), drained.then(() => false)]);
        if (!next && !lines.some((line) => line.startsWith(beginning))) throw new Error(`the child ended without ${beginning}: ${lines}`);
      }
    },
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
    ended,
  };
}
