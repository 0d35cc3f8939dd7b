/**
 * The words of the house.
 *
 * Mail
 * - **account**: who owns things; every row, key and event names one.
 * - **domain**: a name an account sends as (hosted here). **destination**: the domain of a recipient.
 * - **message**: bytes accepted once: a header block (*head*) and a *body*, in wire form (CRLF line ends, not dot-stuffed).
 * - **envelope**: reverse path and recipients, apart from what the head says (RFC 5321 2.3.1).
 * - **delivery**: one recipient of one message; it is *open* while its queue row exists.
 * - **flow**: the open deliveries of one destination × account × priority, ordered by when they are due.
 * - **batch**: a message whose recipients each get a message of their own, made from it with their variables when it is sent.
 * - **attempt**: one try of one delivery over one connection. **outcome**: what came of it.
 * - **stage**: the part of an attempt in which its answer came or failed to come: `dns`, `connect`, `mail`, `rcpt`, `dot` …
 * - **settle**: end a delivery (delivered, failed, cancelled) or defer it to a later due time, with its events, atomically.
 * - **outbox**: events committed with what they tell of, waiting for their readers.
 * - **transcript**: what was said in the SMTP session of an attempt that went wrong, line by line.
 *
 * Where mail goes
 * - **site**: the mail servers that a destination's mail goes to, by name; destinations with the same mail exchangers are one site.
 * - **transport**: a smarthost that mail for matching destinations goes to instead of their mail exchangers.
 * - **source**: one of our own addresses that mail leaves from, or `default` where the system chooses.
 * - **path**: one source towards one site; what is learnt of connections (how many, whether they work) is learnt of a path.
 * - **lane**: one worker that sends the deliveries of a path one after another; a path has as many as its site is given connections.
 *
 * Why mail waits
 * - **hold**: what a person (operator or account) keeps from being tried, until it is released. Held mail still expires.
 * - **pause**: what a rule keeps from being tried until a time: an account's mail to a site, a destination's mail, one recipient's delivery.
 * - **suspension**: a path that failed too often is not used until a time, and then by a single attempt, the probe, which ends it or prolongs it.
 * - **restriction**: what a provider's reply changed for a path, a site or a domain until a time: fewer connections, a lower rate, a suspension, a
 *   pause. It is stored, and outlives a restart.
 * - **deferred**: a delivery that waits for its next time, for a source that may take it, or for its trial after a crash.
 * - **pressure**: too little disk or memory, or too much mail of an account waiting: no new mail is taken in while it lasts.
 *
 * Who is slowed down
 * - **failure brake**: after too many failures of a login, a client or an address, its further attempts are refused for a while (`AuthBrake` for SMTP
 *   logins, `GuessBrake` for API keys).
 */
import type { Address, ReversePath } from './address.js';

/** The bytes after the empty line that ends the header block. Bodies over 128 kB are files in `spool/`. */
export type Body = { kind: 'inline'; bytes: Uint8Array } | { kind: 'file'; name: string; size: number };

export const bodySize = (body: Body): number => (body.kind === 'inline' ? body.bytes.byteLength : body.size);

/** What the bytes need of a peer; found once, while the message streams in. */
export interface ContentTraits {
  /** A byte over 127 in the head (needs SMTPUTF8, RFC 6532). */
  eightBitHead: boolean;
  /** A byte over 127 in the body (needs 8BITMIME, RFC 6152). */
  eightBitBody: boolean;
  /** A line of the body over 998 octets (RFC 5322 2.1.1): re-encoded for every peer. */
  longLines: boolean;
}

/** Where a DKIM key is published: `SELECTOR._domainkey.DOMAIN`. */
export interface DkimName {
  /** Lower-case ASCII, like the selector. */
  domain: string;
  selector: string;
}

/** What the sender asked for this message, already merged from the API's `o:` fields or X-Mailgun headers and the domain's settings. */
export interface SendOptions {
  /** Sign with the domain's DKIM key (`o:dkim`). */
  dkim: boolean;
  /** Sign with this key of the account as well (`o:secondary-dkim`). */
  secondaryDkim?: DkimName;
  /** Show that signature under this name (`o:secondary-dkim-public`). */
  secondaryDkimPublic?: DkimName;
  /** Accept and tell, but connect to nobody (`o:testmode`). */
  testMode: boolean;
  /** Refuse to send in clear (`o:require-tls`, or the domain's setting). */
  requireTls: boolean;
  /** With requireTls: accept any certificate (`o:skip-verification`, or the domain's setting). */
  skipVerification: boolean;
  /** Rewrite links (`o:tracking`, `o:tracking-clicks`); undefined: as the domain is set. */
  trackingClicks?: 'yes' | 'no' | 'htmlonly';
  /** Add a pixel (`o:tracking`, `o:tracking-opens`); undefined: as the domain is set. */
  trackingOpens?: boolean;
  /** The pixel goes to the top of the HTML (`o:tracking-pixel-location-top`). */
  trackingPixelTop?: 'yes' | 'no' | 'htmlonly';
  /** Leave from this address of ours (`o:sending-ip`). */
  sendingIp?: string;
  /** Leave from an address of this pool, by its id (`o:sending-ip-pool`). */
  sendingIpPool?: string;
  /** Copies of what was delivered are POSTed here (`o:archive-to`). */
  archiveTo?: string;
}

export interface Attachment {
  filename: string;
  contentType: string;
  /** Decoded size, bytes. */
  size: number;
}

/** What events say of a message; kept beside it so that no event needs the bytes again. */
export interface MessageFacts {
  /** Header texts as events show them; message-id without angle brackets. */
  headers: { to: string; from: string; subject: string; messageId: string };
  attachments: Attachment[];
  tags: string[];
  /** `v:` variables by name. */
  userVariables: Record<string, unknown>;
  /** The listener it came through. */
  method: 'smtp' | 'http';
  isAuthenticated: boolean;
  originatingIp: string;
  /** Id of the API key it was sent with, over HTTP. */
  apiKeyId?: string;
  /** Opaque key of the stored message; in a batch each recipient's own key begins with it. */
  storageKey: string;
  /** The stored template that its texts were made with; `isText`: the plain text too; `variables`: `t:variables`, as far as they fit into 4 kB. */
  template?: { name: string; version: string; isText: boolean; variables?: Record<string, unknown> };
}

/** A message as the spool keeps it. `size` counts head, empty line and body. */
export interface Message {
  id: number;
  account: number;
  /** Name of the hosted domain it belongs to. */
  domain: string;
  sender: ReversePath;
  /** Header block: whole lines with CRLF, without the empty line that ends it. */
  head: Uint8Array;
  body: Body;
  /** base64 SHA-256 of the body in relaxed canonical form (RFC 6376 3.4.4). */
  bodyHash: string;
  size: number;
  traits: ContentTraits;
  options: SendOptions;
  facts: MessageFacts;
  /** ms since the epoch. */
  acceptedAt: number;
  /** After this time an open delivery fails as too old; ms since the epoch. */
  expiresAt: number;
  /** In batch mode: every recipient gets a message of their own, made from this one with their variables when it is sent. */
  merge?: Merge;
}

/** What the messages of a batch are made with, beside the variables of each recipient. */
export interface Merge {
  /**
   * The HTML part is a Handlebars source, rendered with these variables. Their texts may have placeholders (`%recipient.name%`) for variables of the
   * recipient. Absent: the parts are no sources; only their placeholders are filled.
   */
  templateVariables?: Record<string, unknown>;
  /** The plain text part holds that source too: the recipient's plain text is made from the rendered HTML. */
  textFromHtml?: boolean;
  /** Header fields that are rendered with these variables, by name and source; the head has them as rendered without a recipient's values. */
  templateHeaders?: { name: string; source: string }[];
}

/** 0: single messages; 1: messages to several recipients; 2: bulk. A lower number goes first, but the others always get a share. */
export type Priority = 0 | 1 | 2;

export interface FlowKey {
  /** Number of the destination's name in the spool. */
  destination: number;
  account: number;
  priority: Priority;
}

/** What the last attempt left behind on a deferred delivery. */
export interface LastAttempt {
  firstAttemptAt: number;
  code: number;
  enhancedCode: string;
  message: string;
  mxHost?: string;
  /** Name of the source it left from, when the peer wants to see it come from there again (greylisting). */
  source?: string;
  /** The session ended, or stood still, while this message was sent: the message may be the cause. */
  unanswered?: true;
}

/** Whom a delivery goes to, and in a batch what their message is made with. */
export interface MessageRecipient {
  /** Id of the delivery. */
  id: number;
  recipient: Address;
  /** In a batch: display name of the recipient, where one was given. */
  recipientName?: string | undefined;
  /** In a batch: what `%recipient.name%` stands for. */
  recipientVariables?: Record<string, unknown> | undefined;
}

/** One open recipient of one message. */
export interface Delivery extends FlowKey, MessageRecipient {
  message: number;
  /** Bytes of the variables as JSON. */
  variablesSize?: number;
  /** Domain of the recipient. */
  destinationName: string;
  /** Not before; ms since the epoch. */
  due: number;
  /** Attempts made so far. */
  attempts: number;
  last?: LastAttempt;
}
