/** JSON of our own operator endpoints. Times are RFC 3339. */
export interface QueuedDeliveryJson {
  id: number;
  /** Public id; only when the operator named an account. */
  account?: string | undefined;
  /** Without angle brackets. */
  message_id: string;
  /** Sending domain. */
  domain: string;
  /** `''` for the null sender. */
  sender: string;
  recipient: string;
  /** Domain of the recipient. */
  destination: string;
  priority: number;
  due: string;
  attempts: number;
  last: { code: number; enhanced_code: string; message: string; mx_host?: string; first_attempt_at: string } | null;
  subject: string;
  /** bytes. */
  size: number;
  accepted_at: string;
  expires_at: string;
}

/** The transcript of one attempt; its lines begin with `C:` (ours), `S:` (the peer's) or `*` (remarks). */
export interface ConversationJson {
  attempt: number;
  at: string;
  outcome: 'delivered' | 'deferred' | 'failed';
  text: string;
}

/** How a delivery ended, from the event that says so. */
export interface EndJson {
  state: 'delivered' | 'failed';
  at: string;
  attempts: number;
  code: number;
  message: string;
  reason?: string | undefined;
  mx_host?: string | undefined;
  tls?: boolean | undefined;
}

export type DeliveryStoryJson =
  | (QueuedDeliveryJson & {
      state: 'open';
      /** Why it waits, in plain words. */
      why: string;
      /** null: it is due, or it is held, so that nobody can say. */
      next_attempt_at: string | null;
      /** What was said in the last attempts that did not succeed. */
      conversations: ConversationJson[];
    })
  | {
      /** null for a delivery that ended with its first attempt: only its event was kept. */
      id: number | null;
      account?: string | undefined;
      message_id: string;
      recipient: string;
      destination: string;
      /** `over`: how it ended is not in the event log any more (or not yet). */
      state: 'delivered' | 'failed' | 'over';
      end: EndJson | null;
      conversations: ConversationJson[];
    };

/** Asked for by Message-ID: a message may have many deliveries. */
export interface MessageStoryJson {
  message_id: string;
  items: DeliveryStoryJson[];
}

export interface QueueAnswer {
  items: QueuedDeliveryJson[];
  /** `after` of the next page; null on the last. */
  next: number | string | null;
}

/** Holds back the mail that fits all fields which are not null. */
export interface HoldJson {
  /** Public id, or `all`; only when the operator named an account. */
  account?: string | undefined;
  /** `operator`: over the account's head, which cannot release it. */
  by: 'account' | 'operator';
  domain: string | null;
  destination: string | null;
  site: string | null;
  /** Number of a message. */
  message: number | null;
  reason: string;
  at: string;
}

export interface HoldsAnswer {
  items: HoldJson[];
}

export interface QueueChangeAnswer {
  /** Deliveries that were changed. */
  count: number;
  /** Deliveries that were left as they are: they are being attempted at the moment or, in a retry, are scheduled by their sender. Absent: none. */
  left?: number;
  /** Ids that were given and belong to no open delivery. */
  unknown?: number[];
  /** After a retry: deliveries that are due now and still wait, by reason; the reason with the most comes first. */
  resting?: RestingJson[];
}

export interface RestingJson {
  count: number;
  reason: string;
  /** null: unknown, or said in the reason. */
  until: string | null;
}

export interface StatusAnswer {
  version: string;
  uptime_seconds: number;
  hostname: string;
}

/** By their names in the API; domains without such settings are left out. */
export interface IdleSettingsAnswer {
  items: { domain: string; settings: string[] }[];
}
