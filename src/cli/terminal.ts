/** The terminal of a command: it writes texts, with colours if they are wanted, and reads answers. Tests pass their own. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

export interface Terminal {
  /** Writes one text and a line end to standard output. */
  out(text: string): void;
  /** Writes one text and a line end to standard error. */
  err(text: string): void;
  /** Standard output shows colours. */
  readonly colour: boolean;
  /** A person can be asked: standard input and standard error are a terminal. */
  readonly isInteractive: boolean;
  /** All of standard input, as UTF-8. */
  readInput(): Promise<string>;
  /** Asks on standard error and gives the line that was typed; empty if the input ends. */
  ask(question: string): Promise<string>;
}

/** The process's own terminal. No colour when output goes to a file or pipe, or when `noColor` asks for none. */
export function processTerminal(noColor: boolean): Terminal {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    colour: process.stdout.isTTY === true && !noColor,
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    readInput: () => text(process.stdin),
    ask,
  };
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D closes it, and no answer comes.
    return await Promise.race([lines.question(question), once(lines, 'close').then(() => '')]);
  } finally {
    lines.close();
  }
}

/** Puts colours around texts, or leaves them as they are. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

export function makePaint(colour: boolean): Paint {
  const code = (on: number, off: number) => (text: string) => (colour ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39), yellow: code(33, 39) };
}
