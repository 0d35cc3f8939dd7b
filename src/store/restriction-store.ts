/** Restrictions that replies of peers caused. They are stored, so that a restart forgets none of them. */

export interface KeptRestriction {
  /** What the restriction applies to; the key together with `rule`. */
  subject: string;
  /** Id of the response rule. */
  rule: string;
  /** ms since the epoch. */
  until: number;
  /** The whole restriction as JSON. */
  body: string;
}

export interface RestrictionStore {
  /** Restrictions that are in force at `now`, those that end last first, at most `limit`. */
  restrictions(now: number, limit: number): Promise<KeptRestriction[]>;
  /** Replaces the restriction that the same rule had caused for this subject. */
  saveRestriction(restriction: KeptRestriction): Promise<void>;
}
