/** Why an open delivery waits, for people. */
export interface WaitReason {
  reason: string;
  /** When it may be tried next, ms since the epoch; undefined when that is not known. */
  until: number | undefined;
}
