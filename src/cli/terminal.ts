/** The person's side of a command: text out, colours where they are wanted, text in. Tests pass their own. */
import { text } from 'node:stream/consumers';

export interface Terminal {
  /** Writes one text and a line end to standard output. */
  out(text: string): void;
  /** The same to standard error. */
  err(text: string): void;
  /** Standard output shows colours. */
  readonly colour: boolean;
  /** All of standard input, as UTF-8. */
  readInput(): Promise<string>;
}

/** The process's own terminal. No colour when output goes to a file or pipe, or when `noColor` asks for none. */
export function processTerminal(noColor: boolean): Terminal {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    colour: process.stdout.isTTY === true && !noColor,
    readInput: () => text(process.stdin),
  };
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
