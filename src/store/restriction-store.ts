/** What replies of peers made us do for a while: kept so that a restart forgets none of it. */

export interface KeptRestriction {
  /** What it is about; with `rule` the key. */
  subject: string;
  /** Id of the response rule. */
  rule: string;
  /** ms since the epoch. */
  until: number;
  /** All of it, as JSON. */
  body: string;
}

export interface RestrictionStore {
  /** Those that hold at `now`, the ones that end last first, so many at most. */
  restrictions(now: number, limit: number): Promise<KeptRestriction[]>;
  /** Instead of the one that the rule had brought to the subject. */
  saveRestriction(restriction: KeptRestriction): Promise<void>;
}
