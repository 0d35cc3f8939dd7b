import type { ConnectionOptions } from 'node:tls';

export interface DialogOptions {
  port: number;
  /** 127.0.0.1. */
  host?: string;
  /** TLS from the first byte. Certificates are not checked. */
  tls?: boolean;
  /** For each wait, ms; 5000. */
  timeoutMs?: number;
  /** Another loopback address to come from. */
  localAddress?: string;
}

/** `text`: the lines joined by LF. */
export interface Reply {
  code: number;
  lines: string[];
  text: string;
}

export interface Dialog {
  /** Sends the line and CRLF. */
  send(line: string): void;
  sendRaw(bytes: string | Buffer): void;
  /** The next whole reply, multi-line or not. */
  reply(what?: string): Promise<Reply>;
  /** The next reply, which must have this code (`250`, or `5` for any 5xx) or match this expression. */
  expect(wanted: number | string | RegExp): Promise<Reply>;
  /** `send`, then `expect`. */
  command(line: string, wanted: number | string | RegExp): Promise<Reply>;
  /** The TLS handshake; STARTTLS itself is the caller's command. */
  startTls(options?: ConnectionOptions): Promise<void>;
  /** Waits until the server has closed. */
  expectClosed(): Promise<void>;
  /** Received and not yet asked for. */
  unread(): string;
  close(): Promise<void>;
  /** Lines as `c: …` and `s: …`. */
  transcript: string[];
}

export interface RunOptions extends Omit<DialogOptions, 'port'> {
  /** For `${name}` in the file. */
  variables?: Record<string, string>;
}

export function openDialog(options: DialogOptions): Promise<Dialog>;

/**
 * Plays a dialog file and gives its transcript; throws with file, line and the last exchanges. One line each:
 * `# comment`; `c: text` sends text and CRLF; `raw: text` sends bytes with `\r \n \t \0 \\ \xHH` and no CRLF; `s: pattern` wants a
 * whole reply (lines joined by LF) where `*` is anything, or `/regex/`; `starttls` makes the handshake; `closed` waits for the
 * server to close; `close` closes.
 */
export function runDialog(file: string, port: number, options?: RunOptions): Promise<string[]>;
