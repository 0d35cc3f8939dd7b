/** What every stage of the composition is given. */
import type { Logger } from 'pino';
import type { BounceRules, Config, ShapingRules } from '#config';
import type { Clock } from '#core';
import type { Registry } from '#metrics';
import type { Watchdog } from '#watchdog';
import type { StartPart } from './parts.js';

export interface StageContext {
  config: Config;
  rules: RuleFiles;
  logger: Logger;
  clock: Clock;
  registry: Registry;
  /** Told what is begun, for the log should it never end. */
  note: Watchdog['note'];
  /** Word that this server greets with and no other does, so that it knows itself when it is connected to. */
  ownWord: string;
  /** Shorter times for tests. */
  testing: { trialAfterMs?: number };
  start: StartPart;
}

/** The rule files that the configuration names, read. */
export interface RuleFiles {
  bounces: BounceRules;
  shaping: ShapingRules;
  /** Domains whose recipients may have dots anywhere. */
  looseDots: ReadonlySet<string>;
}
