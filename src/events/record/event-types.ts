/**
 * The closed list of events, each with a sentence; nothing else is ever recorded (Go clients abort a page at an unknown name).
 * Shapes follow Mailgun's events (manual page "Event structure"); keys are spelt as on the wire.
 */
import type { Attachment } from '#core';

/** Every event name and what it says. */
export const EVENT_NAMES = {
  accepted: 'The message was committed to the queue for this recipient.',
  rejected: 'The message was refused: something it asks for or says is not what we send.',
  delivered: 'The recipient’s mail server took responsibility for the message.',
  failed: 'A delivery attempt failed; severity says whether it is tried again.',
  opened: 'The recipient opened the message.',
  clicked: 'The recipient followed a link in the message.',
  unsubscribed: 'The recipient unsubscribed.',
  complained: 'The recipient’s provider passed on a spam complaint.',
  stored: 'An incoming message was stored by a route.',
  list_member_uploaded: 'A member of an uploaded list was added.',
  list_member_upload_error: 'A member of an uploaded list was refused.',
  list_uploaded: 'An upload of list members is complete.',
} as const;

export type EventName = keyof typeof EVENT_NAMES;

export type Severity = 'permanent' | 'temporary';

interface EventBase<N extends EventName> {
  event: N;
  /** 22 URL-safe characters. */
  id: string;
  /** s since the epoch, with µs. */
  timestamp: number;
  'log-level': 'info' | 'warn' | 'error';
  account: { id: string };
  domain: { name: string };
}

interface MessageFields {
  flags: { 'is-authenticated': boolean; 'is-system-test': boolean; 'is-test-mode': boolean; 'is-routed': boolean };
  message: { headers: { to: string; 'message-id': string; from: string; subject: string }; attachments: WireAttachment[]; size: number };
  tags: string[];
  campaigns: [];
  'user-variables': Record<string, unknown>;
  template?: { name: string; version: string; 'is-text': boolean };
}

interface MessageEventBase<N extends EventName> extends EventBase<N>, MessageFields {
  recipient: string;
  'recipient-domain': string;
  method: 'smtp' | 'http';
  envelope: { sender: string; transport: 'smtp'; targets: string; 'sending-ip'?: string };
  storage: { key: string; region: string; env: string };
  'recipient-provider': string;
}

export interface WireAttachment extends Pick<Attachment, 'filename' | 'size'> {
  'content-type': string;
}

export interface DeliveryStatus {
  'attempt-no': number;
  code: number;
  message: string;
  description: string;
  'enhanced-code'?: string;
  'session-seconds': number;
  'mx-host'?: string;
  'mx-host-ip'?: string;
  'certificate-verified'?: boolean;
  tls?: boolean;
  /** Name of the cipher suite, as OpenSSL spells it; not of Mailgun's. */
  cipher?: string;
  utf8?: boolean;
  'first-delivery-attempt-seconds'?: number;
  'bounce-type'?: 'hard' | 'soft';
  /** Id of the rule that classified the reply; `bounce explain` tells of it. */
  'classification-rule'?: string;
  'retry-seconds'?: number;
  'last-code'?: number;
  'last-message'?: string;
}

export interface AcceptedEvent extends Omit<MessageEventBase<'accepted'>, 'message'> {
  'originating-ip': string;
  'api-key-id'?: string;
  /** `scheduled-for`: s since the epoch, when it is sent later. */
  message: MessageEventBase<'accepted'>['message'] & { recipients: string[]; 'scheduled-for'?: number };
}

export interface DeliveredEvent extends MessageEventBase<'delivered'> {
  'primary-dkim'?: string;
  'delivery-status': DeliveryStatus;
}

export interface FailedEvent extends MessageEventBase<'failed'> {
  severity: Severity;
  reason: string;
  'primary-dkim'?: string;
  'delivery-status': DeliveryStatus;
}

/** One for a message that was refused, whoever it was for; nothing of the message is kept, so it has no `storage`. */
export interface RejectedEvent extends EventBase<'rejected'>, MessageFields {
  reject: { reason: string; description: string };
}

/** The events this server records today. */
export type RecordedEvent = AcceptedEvent | DeliveredEvent | FailedEvent | RejectedEvent;
