/** JSON of our own operator endpoints. Times are RFC 3339. */
export interface QueuedDeliveryJson {
  id: number;
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

export interface QueueAnswer {
  items: QueuedDeliveryJson[];
  /** `after` of the next page; null on the last. */
  next: number | null;
}

export interface QueueChangeAnswer {
  /** Deliveries that were changed; those being attempted at the moment are left alone. */
  count: number;
}

export interface StatusAnswer {
  version: string;
  uptime_seconds: number;
  hostname: string;
}
