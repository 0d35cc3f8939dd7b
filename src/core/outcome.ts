import type { SmtpReply } from './smtp-reply.js';

/** What is known of the connection an attempt used; absent fields were never learnt. */
export interface ConnectionFacts {
  /** Name of the mail exchanger or smarthost. */
  mxHost?: string;
  mxHostIp?: string;
  sendingIp?: string;
  /** Present once a session was set up: was it encrypted, and was the certificate verified against the name. */
  tls?: boolean;
  certificateVerified?: boolean;
  /** Name of the cipher suite, as OpenSSL spells it. */
  cipher?: string;
  /** The peer announced SMTPUTF8. */
  utf8?: boolean;
}

/** Where in the session the answer came (or failed to come). */
export type Stage = 'dns' | 'connect' | 'banner' | 'ehlo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot' | 'local';

/**
 * What came of one attempt.
 *
 * `delivered`: the peer took responsibility (2xx after the dot). `deferred`: try again later. `failed`: never again.
 * `unanswered` on a deferral: the session was set up, and ended or stood still without a reply while this message was sent; the message may be the cause.
 * `uncertain`: an unanswered attempt that had sent the final dot, so the peer may have the message already.
 * `released`: nothing was tried for this delivery (the connection went away first); it counts as no attempt.
 */
export type Outcome =
  | { kind: 'delivered'; reply: SmtpReply; connection: ConnectionFacts; sessionMs: number; dkim?: string }
  | {
      kind: 'deferred';
      reply: SmtpReply;
      stage: Stage;
      reason: string;
      connection: ConnectionFacts;
      sessionMs: number;
      unanswered?: true;
      uncertain?: true;
      /** Id of the rule that says what the peer's reply means. */
      rule?: string;
      /** That rule says that another of our addresses may be welcome. */
      otherSource?: true;
      dkim?: string;
    }
  | {
      kind: 'failed';
      reply: SmtpReply;
      stage: Stage;
      reason: string;
      connection: ConnectionFacts;
      sessionMs: number;
      description?: string;
      rule?: string;
      otherSource?: true;
      dkim?: string;
    }
  | { kind: 'released' };
