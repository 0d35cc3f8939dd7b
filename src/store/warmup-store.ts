/** Sources on warm-up, with counts of what they have sent. They are stored, so that a restart forgets none of it. */

export interface WarmupRecord {
  /** Name of the source: an IP address. */
  source: string;
  /** All times are ms since the epoch. */
  startedAt: number;
  updatedAt: number;
  /** Number of the stage, from 1. */
  stage: number;
  stageStartedAt: number;
  /**
   * Counted in the current stage: messages that peers answered, and those of them that were refused for good. A complaint counts as many refusals.
   */
  sent: number;
  bounced: number;
  dayStartedAt: number;
  sentInDay: number;
  hourStartedAt: number;
  sentInHour: number;
  /** The earlier stages, in order. */
  history: { startedAt: number; completedAt: number; limit: number }[];
}

export interface WarmupStore {
  warmups(): Promise<WarmupRecord[]>;
  /** Replaces the record that the source had. */
  saveWarmup(warmup: WarmupRecord): Promise<void>;
  deleteWarmup(source: string): Promise<void>;
}
