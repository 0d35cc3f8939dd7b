/**
 * Builds the events of a message's life as rows for the outbox. Pure but for the time: events of one process never share a microsecond,
 * so their order is the order in which things happened. Keys that are undefined are absent from the JSON.
 */
import {
  type Clock,
  type Delivery,
  domainOf,
  type Message,
  type MessageFacts,
  type MessageRecipient,
  makeEventId,
  type Outcome,
} from '#core';
import type { OutboxEvent } from '#store';
import type { AcceptedEvent, DeliveredEvent, DeliveryStatus, FailedEvent, RecordedEvent, RejectedEvent } from './event-types.js';
import { makeRecipientFacts, type RecipientFacts } from './recipient-facts.js';
import { recipientProvider } from './recipient-provider.js';
import { shownVariables } from './shown-variables.js';

/** An attempt that ended, with what its event says of it. */
export interface AttemptRecord {
  message: Message;
  /** Public id of the message's account. */
  accountId: string;
  delivery: Delivery;
  /** Number of this attempt, 1 for the first. */
  attempt: number;
}

type Told = Pick<MessageFacts, 'headers' | 'attachments' | 'tags' | 'userVariables' | 'isAuthenticated'>;

/** A message that was refused, as far as it had been read. */
export interface Rejection extends Told {
  account: number;
  /** Public id of the account. */
  accountId: string;
  /** Name of the hosted domain it was sent as. */
  domain: string;
  size: number;
  isTestMode: boolean;
  /** What the sender was told. */
  reason: string;
}

export interface Recorder {
  /** One per recipient, when the message is committed. `due`, ms since the epoch: not before. */
  accepted(fields: MessageRecipient & { message: Message; accountId: string; recipients: string[]; due: number }): OutboxEvent;
  delivered(fields: AttemptRecord & { outcome: Extract<Outcome, { kind: 'delivered' }>; firstAttemptAt: number }): OutboxEvent;
  /** `severity` temporary needs `retrySeconds`. */
  failed(
    fields: AttemptRecord & { outcome: Extract<Outcome, { kind: 'deferred' | 'failed' }> } & (
        | { severity: 'temporary'; retrySeconds: number }
        | { severity: 'permanent' }
      ),
  ): OutboxEvent;
  /** One per message, not one per recipient. */
  rejected(rejection: Rejection): OutboxEvent;
}

/** A smaller step back is bridged by counting on from the last time, µs. */
const SET_BACK = 10_000_000;

export function makeRecorder(deps: { clock: Clock }): Recorder {
  const factsOf = makeRecipientFacts();
  let lastAt = 0;
  const now = () => {
    const wall = deps.clock.now() * 1000;
    // Each time is later than the last, except after the clock was set back: an event in the future would be hidden from queries that end now.
    lastAt = lastAt - wall > SET_BACK ? wall : Math.max(lastAt + 1, wall);
    return lastAt;
  };

  return {
    accepted(fields) {
      const { message, accountId, recipients, due } = fields;
      const { facts } = message;
      const base = messageEvent(factsOf, stamp('accepted', now(), 'info'), message, accountId, fields, undefined);
      const event: AcceptedEvent = Object.assign(base, {
        message: Object.assign(base.message, {
          recipients,
          'scheduled-for': due > message.acceptedAt ? Math.floor(due / 1000) : undefined,
        }),
        'originating-ip': facts.originatingIp,
        'api-key-id': facts.apiKeyId,
      });
      return row(event, message);
    },

    delivered({ message, accountId, delivery, attempt, outcome, firstAttemptAt }) {
      const base = messageEvent(factsOf, stamp('delivered', now(), 'info'), message, accountId, delivery, outcome.connection);
      const event: DeliveredEvent = Object.assign(base, {
        'primary-dkim': outcome.dkim,
        'delivery-status': Object.assign(status(outcome, attempt), {
          description: '',
          'first-delivery-attempt-seconds': seconds(Math.max(0, firstAttemptAt - message.acceptedAt)),
        }),
      });
      return row(event, message);
    },

    failed(fields) {
      const { message, accountId, delivery, attempt, outcome, severity } = fields;
      const isOld = outcome.kind === 'failed' && outcome.reason === 'old';
      const hasReply = outcome.stage !== 'local';
      const deliveryStatus: DeliveryStatus = {
        ...status(outcome, attempt),
        description: outcome.kind === 'failed' ? (outcome.description ?? '') : '',
        'bounce-type': hasReply ? (severity === 'permanent' ? 'hard' : 'soft') : undefined,
        'classification-rule': outcome.rule,
        'retry-seconds': fields.severity === 'temporary' ? fields.retrySeconds : undefined,
        'last-code': isOld ? delivery.last?.code : undefined,
        'last-message': isOld ? delivery.last?.message : undefined,
      };
      const at = stamp('failed', now(), severity === 'permanent' ? 'error' : 'warn');
      const event: FailedEvent = Object.assign(messageEvent(factsOf, at, message, accountId, delivery, outcome.connection), {
        severity,
        reason: outcome.reason,
        'primary-dkim': outcome.dkim,
        'delivery-status': deliveryStatus,
      });
      return row(event, message);
    },

    rejected(rejection) {
      const event: RejectedEvent = {
        ...stamp('rejected', now(), 'warn'),
        account: { id: rejection.accountId },
        domain: { name: rejection.domain },
        flags: flagsOf(rejection, rejection.isTestMode),
        message: messagePart(rejection, rejection.size),
        tags: rejection.tags,
        campaigns: [],
        'user-variables': shownVariables(rejection.userVariables),
        reject: { reason: rejection.reason, description: '' },
      };
      const { account, domain, headers } = rejection;
      const at = Math.round(event.timestamp * 1e6);
      const names = { id: event.id, account, domain, at, event: event.event, recipient: '', messageId: headers.messageId };
      return { ...names, severity: '', body: JSON.stringify(event) };
    },
  };
}

type Stamp<N extends RecordedEvent['event']> = Pick<Extract<RecordedEvent, { event: N }>, 'id' | 'timestamp' | 'log-level'> & { event: N };

function stamp<N extends RecordedEvent['event']>(event: N, atMicros: number, level: 'info' | 'warn' | 'error') {
  return { event, id: makeEventId(Math.floor(atMicros / 1000)), timestamp: atMicros / 1e6, 'log-level': level };
}

/** Written field by field: two of these are made for every message, and spreading objects took six times as long as everything else. */
function messageEvent<N extends RecordedEvent['event']>(
  factsOf: RecipientFacts,
  { event, id, timestamp, 'log-level': level }: Stamp<N>,
  message: Message,
  accountId: string,
  to: MessageRecipient,
  connection: { sendingIp?: string; mxHost?: string } | undefined,
) {
  const { recipient } = to;
  const facts = factsOf(message, to);
  const destination = domainOf(recipient);
  return {
    event,
    id,
    timestamp,
    'log-level': level,
    account: { id: accountId },
    domain: { name: message.domain },
    method: facts.method,
    envelope: {
      sender: message.sender,
      transport: 'smtp' as const,
      targets: recipient,
      'sending-ip': connection?.sendingIp,
    },
    flags: flagsOf(facts, message.options.testMode),
    message: messagePart(facts, message.size),
    tags: facts.tags,
    campaigns: [] as [],
    'user-variables': shownVariables(facts.userVariables),
    template: templateOf(facts),
    storage: { key: facts.storageKey, region: 'local', env: 'production' },
    recipient,
    'recipient-domain': destination,
    'recipient-provider': recipientProvider(destination, connection?.mxHost),
  };
}

const flagsOf = ({ isAuthenticated }: Told, isTestMode: boolean) => ({
  'is-authenticated': isAuthenticated,
  'is-system-test': false,
  'is-test-mode': isTestMode,
  'is-routed': false,
});

const templateOf = ({ template }: MessageFacts) =>
  template && { name: template.name, version: template.version, 'is-text': template.isText };

const messagePart = ({ headers, attachments }: Told, size: number) => ({
  headers: { to: headers.to, 'message-id': headers.messageId, from: headers.from, subject: headers.subject },
  attachments: attachments.map((part) => ({ filename: part.filename, 'content-type': part.contentType, size: part.size })),
  size,
});

function status(outcome: Exclude<Outcome, { kind: 'released' }>, attempt: number) {
  const { connection, reply } = outcome;
  return {
    'attempt-no': attempt,
    code: reply.code,
    'enhanced-code': reply.enhancedCode === '' ? undefined : reply.enhancedCode,
    message: reply.text,
    'session-seconds': seconds(outcome.sessionMs),
    'mx-host': connection.mxHost,
    'mx-host-ip': connection.mxHostIp,
    'certificate-verified': connection.certificateVerified,
    tls: connection.tls,
    cipher: connection.cipher,
    utf8: connection.utf8,
  };
}

const seconds = (ms: number) => Math.round(ms * 10) / 10_000;

function row(event: Exclude<RecordedEvent, RejectedEvent>, message: Message): OutboxEvent {
  return {
    id: event.id,
    account: message.account,
    domain: message.domain,
    at: Math.round(event.timestamp * 1e6),
    event: event.event,
    recipient: event.recipient,
    messageId: message.facts.headers.messageId,
    severity: event.event === 'failed' ? event.severity : '',
    body: JSON.stringify(event),
  };
}
