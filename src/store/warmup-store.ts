/** Sources on warm-up, with what they have sent: kept so that a restart forgets none of it. */

export interface WarmupRecord {
  /** Name of the source: an IP address. */
  source: string;
  /** All times are ms since the epoch. */
  startedAt: number;
  updatedAt: number;
  /** From 1. */
  stage: number;
  stageStartedAt: number;
  /** In the stage: messages that peers answered, and those of them that were refused for good; a complaint counts as many. */
  sent: number;
  bounced: number;
  dayStartedAt: number;
  sentInDay: number;
  hourStartedAt: number;
  sentInHour: number;
  /** The stages before, in order. */
  history: { startedAt: number; completedAt: number; limit: number }[];
}

export interface WarmupStore {
  warmups(): Promise<WarmupRecord[]>;
  /** Instead of the one the source had. */
  saveWarmup(warmup: WarmupRecord): Promise<void>;
  deleteWarmup(source: string): Promise<void>;
}
