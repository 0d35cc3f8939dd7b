export interface Initialised {
  apiKey: string;
  signingKey: string;
  sandboxDomain: string;
  smtpLogin: string;
  smtpPassword: string;
}

/** Ports of 127.0.0.1 it listens on, and its process id (which is not the wrapper's). */
export interface Addresses {
  smtp: number[];
  smtps: number[];
  http: number[];
  pid: number;
}

export interface FormFile {
  name: string;
  bytes: Buffer | string;
  type?: string;
}

export type FormValue = string | number | boolean | FormFile | undefined;

export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed JSON; undefined for other content types. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came.
  body: any;
}

export interface CommandResult {
  /** 127 for an end by signal. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface MailwagonProcess {
  readonly configFile: string;
  readonly dataDir: string;
  /** Log lines of every start, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: lines have the fields they have.
  readonly log: Record<string, any>[];
  /** The same without GET requests that were answered 200, and what went to standard error, for people. */
  logText(): string;
  /** `mailwagon init`; throws when it refuses. */
  init(): Promise<Initialised>;
  /** `mailwagon serve`, until it says ready. Throws with its log when it ends before. */
  start(): Promise<Addresses>;
  /** Signals and waits for the end; gives the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** When the last started process ends. */
  exited(): Promise<number | string>;
  /** These throw while it does not run. */
  readonly addresses: Addresses;
  readonly url: string;
  /** What init() gave. */
  readonly keys: Initialised;
  /** A command that talks to this server. */
  cli(...args: string[]): Promise<CommandResult>;
  /** A request with the first key; a list in `form` or `query` repeats the field. */
  api(
    method: string,
    path: string,
    options?: {
      form?: Record<string, FormValue | FormValue[]>;
      query?: Record<string, string | number | string[] | undefined>;
      key?: string;
      signal?: AbortSignal;
    },
  ): Promise<ApiAnswer>;
}

export const MAILWAGON: string;

export function runMailwagon(
  args: string[],
  options?: { env?: Record<string, string>; cwd?: string; input?: string; program?: string },
): Promise<CommandResult>;

/** `config` is laid over free ports of 127.0.0.1 and a data folder in `folder`. `wrap` puts another program in front. */
export function makeMailwagon(options: {
  folder: string;
  // biome-ignore lint/suspicious/noExplicitAny: also bad configurations.
  config?: Record<string, any>;
  wrap?: (command: string[]) => string[];
}): MailwagonProcess;
