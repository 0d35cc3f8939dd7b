/** How long an attempt waits for a peer, ms. All of them are deadlines: bytes that drip in do not extend them. */
import { MINUTE, SECOND } from '#core';

export interface DeliveryTimeouts {
  /** TCP connection to one address. */
  connect: number;
  /** From the connection to the last reply before MAIL: greeting, EHLO, TLS, AUTH. */
  setup: number;
  /** Replies to MAIL, RCPT and DATA together. */
  envelope: number;
  /** The bytes of the message, until the last one is handed to the socket. */
  data: number;
  /** The reply to the final dot; generous, because giving up here risks a duplicate (RFC 1047, RFC 5321 4.5.3.2.6). */
  dot: number;
  /** The whole attempt up to the final dot, over all hosts. */
  attempt: number;
  /** How long an unused connection is kept for the next message. */
  idle: number;
}

export const DEFAULT_TIMEOUTS: DeliveryTimeouts = {
  connect: 30 * SECOND,
  setup: 2 * MINUTE,
  envelope: 5 * MINUTE,
  data: 10 * MINUTE,
  dot: 5 * MINUTE,
  attempt: 10 * MINUTE,
  idle: 8 * SECOND,
};
