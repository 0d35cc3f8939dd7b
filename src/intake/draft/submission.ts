import type { Address, Attachment, MessageFacts, Refusal, ReversePath } from '#core';
import type { ComposedMessage, HeadField, LintWarning } from '#mail';
import type { DomainRecord, IdempotencyRecord } from '#store';
import type { RecipientVariables } from '../batch/recipient-variables.js';
import type { RequestedOptions } from '../options/requested-options.js';
import type { TemplateRequest } from '../template/template-request.js';

/** What the SMTP server or the API hands over for one message, after it found out who sends it. */
export interface Submission {
  account: number;
  /** The hosted domain the message belongs to; of this account. */
  domain: DomainRecord;
  method: 'smtp' | 'http';
  isAuthenticated: boolean;
  /** Address of the client, as text. */
  remoteAddress: string;
  /** Id of the API key, over HTTP. */
  apiKeyId?: string;
  /** For the Received field: what the client called itself, and the protocol (`ESMTPSA`, `HTTP`, … RFC 3848). */
  helo?: string;
  protocol: 'SMTP' | 'ESMTP' | 'ESMTPS' | 'ESMTPA' | 'ESMTPSA' | 'UTF8SMTP' | 'UTF8SMTPS' | 'UTF8SMTPA' | 'UTF8SMTPSA' | 'HTTP';
  sender: ReversePath;
  /** At least one; repeated addresses are delivered once. */
  recipients: Address[];
  /** The message as it came (RFC 5322, without SMTP dot-stuffing), in pieces or whole; or one that was composed here. Read once. */
  content: AsyncIterable<Uint8Array> | Uint8Array | ComposedMessage;
  /** Fields given beside the message; they stand above its own. */
  addedFields?: readonly HeadField[];
  /** Options given beside the message; X-Mailgun-* fields of the message are merged in (and removed) by intake. */
  options: RequestedOptions;
  tags: string[];
  userVariables: Record<string, unknown>;
  /** Given beside the message; those in the message are merged in. When present, even empty, they make the message a batch. */
  recipientVariables?: RecipientVariables | undefined;
  /** Asked for beside the message; X-Mailgun-Template-* fields are merged in. */
  template?: TemplateRequest | undefined;
  /** The stored template that made its texts, when it was sent before. */
  filledBy?: MessageFacts['template'];
  /** Known for the API's own messages; otherwise found by reading the message. */
  attachments?: Attachment[];
  /** Idempotency: accept() throws StoreError `conflict` when the key was used in the last day. */
  once?: Once | undefined;
}

/** An idempotency key: a message is taken in once, however often its request is repeated. */
export interface Once {
  /** The key, unique among the requests of the domain. */
  key: string;
  /** Differs when another request has the same key. */
  fingerprint: string;
  /** The answer, as JSON text, that is committed with the message and kept for a day. */
  answer: (accepted: Accepted) => string;
}

export interface Accepted {
  /** Message-ID without angle brackets. */
  messageId: string;
  /** When `o:lint` asked for them. */
  warnings?: LintWarning[];
}

export interface Intake {
  /** Why nothing of this account can be taken in at the moment, if so; listeners ask before they read a message. Costs next to nothing. */
  refusalNow(account: number): Refusal | undefined;
  /** The request and the answer that this idempotency key was used for in the last day. */
  idempotencyRecord(domain: DomainRecord, key: string): Promise<IdempotencyRecord | undefined>;
  /** Durable when it resolves. Throws Refusal (or StoreError) and has kept nothing otherwise; the content may then be only partly read. */
  accept(submission: Submission): Promise<Accepted>;
}
