import type { SecureContextOptions, TlsOptions } from 'node:tls';

/** `handshake`: in place of the TLS handshake (text there is plaintext after STARTTLS). `auth-challenge`: the 334 of AUTH. */
export type Stage =
  | 'banner'
  | 'ehlo'
  | 'starttls'
  | 'handshake'
  | 'auth'
  | 'auth-challenge'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'dot'
  | 'rset'
  | 'noop'
  | 'quit'
  | 'other';

/**
 * - `default`: the usual reply.
 * - a reply text such as `450 4.2.1 try later` (several lines joined by CRLF; the final CRLF is added).
 * - `close` (FIN), `reset` (RST), `silence` (open, but never another byte), `garbage` (200 random bytes on a line),
 *   `endless` (a multi-line reply without end), `huge-line` (the usual code and 2 MB of text).
 * - an object: a `reply` (the usual one when left out), exact `bytes`, or a `drip` (that reply, or `true` for the usual one, a byte every
 *   `everyMs`, 1000 when left out), after `delayMs`, followed by `close` or `reset`.
 */
export type PlainAction =
  | 'default'
  | 'close'
  | 'reset'
  | 'silence'
  | 'garbage'
  | 'endless'
  | 'huge-line'
  | (string & {})
  | { reply?: string; bytes?: Buffer; drip?: string | true; everyMs?: number; delayMs?: number; close?: boolean; reset?: boolean };

/** `count`: how often the stage was reached, over all sessions, from 1. `message` at the dot. */
export interface Moment {
  stage: Stage;
  line: string;
  count: number;
  session: Session;
  message?: ReceivedMessage;
}

/** A list is for the first, second, … time the stage is reached (over all sessions); its last entry stays. A function decides each time. */
export type Action =
  | PlainAction
  | PlainAction[]
  | ((moment: Moment) => PlainAction | undefined | Promise<PlainAction | undefined>)
  | undefined;

export interface ScriptedMxOptions {
  /** 127.0.0.1; any loopback address. */
  host?: string;
  /** 0: a free one. */
  port?: number;
  hostname?: string;
  /** EHLO lines beside STARTTLS and AUTH, which follow from `tls` and `auth`. Default: PIPELINING, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, SIZE 52428800. */
  extensions?: string[];
  /** Certificate and other options of node:tls; offers STARTTLS. */
  tls?: SecureContextOptions & TlsOptions;
  /** TLS from the first byte. */
  implicitTls?: boolean;
  /** Announces AUTH PLAIN LOGIN and takes this login only. */
  auth?: { user: string; pass: string };
  script?: { [S in Stage]?: Action };
  /** By address as it stands between `<` and `>`; goes before `script.rcpt`. A list counts for each address alone. */
  recipients?: Record<string, Action>;
}

export interface ReceivedMessage {
  mailFrom: string;
  /** What stood after the address: `SIZE=… BODY=8BITMIME SMTPUTF8`. */
  mailParameters: string;
  rcptTo: string[];
  /** The message, dot-stuffing undone. */
  data: Buffer;
  /** As on the wire, up to and without the final dot line. */
  raw: Buffer;
  tls: boolean;
  helo: string;
  /** User name of the AUTH that succeeded in this session. */
  auth: string | undefined;
  /** `id` of the session. */
  session: number;
  /** The dot was answered with a 2xx. */
  accepted: boolean;
}

export interface Session {
  id: number;
  remoteAddress: string;
  /** Command lines without their line end, in order. */
  commands: string[];
  /** Socket errors seen, as text. */
  errors: string[];
  helo: string;
  tls: boolean;
  /** `TLSv1.3`. */
  tlsVersion: string | undefined;
  /** SNI. */
  servername: string | undefined;
  /** The handshake went on with an earlier session. */
  tlsResumed: boolean;
  /** Plaintext that came behind STARTTLS and was thrown away. */
  bytesBeforeTls: Buffer;
  auth: string | undefined;
  /** Messages accepted. */
  messages: number;
  closed: boolean;
  /** Everything the client sent (decrypted), and everything sent to it. */
  readonly received: Buffer;
  readonly sent: Buffer;
  chunks: { received: Buffer[]; sent: Buffer[] };
}

export interface ScriptedMx {
  host: string;
  port: number;
  hostname: string;
  /** These may be changed while it runs. */
  extensions: string[];
  script: { [S in Stage]?: Action };
  recipients: Record<string, Action>;
  auth: { user: string; pass: string } | undefined;
  /** Those whose dot was answered with a 2xx; there before the answer goes out. */
  messages: ReceivedMessage[];
  /** Every one that came whole, whatever was answered or not answered. */
  attempts: ReceivedMessage[];
  sessions: Session[];
  connections: { open: number; total: number; max: number };
  /** Waits until there are at least `count`; throws after `timeoutMs` (10 s). */
  waitForMessages(count: number, timeoutMs?: number): Promise<ReceivedMessage[]>;
  /** Forgets messages and sessions, not the connection counts. */
  clear(): void;
  close(): Promise<void>;
}

export function startScriptedMx(options?: ScriptedMxOptions): Promise<ScriptedMx>;
