export interface Postfix {
  port: number;
  /** Folder of its configuration. */
  config: string;
  log(): string;
  stop(): Promise<void>;
}

/**
 * `settings` are lines of main.cf over those of an instance that relays for this machine and delivers nothing locally; `files` are written beside it,
 * and `$config` in a setting or a listener stands for their folder. `listeners`: lines of master.cf in place of the one on 127.0.0.1, the first on `port`. Throws with Postfix's own words when it does not start.
 */
export function startPostfix(options: {
  port: number;
  settings: Record<string, string>;
  files?: Record<string, string>;
  listeners?: string[];
}): Promise<Postfix>;
