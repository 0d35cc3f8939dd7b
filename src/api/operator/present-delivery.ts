/** Deliveries as the command line reads them. A delivery of a batch is shown as its recipient will see it. */
import { domainOf } from '#core';
import { makeLookup, mergeRecipientOf, substituteText } from '#mail';
import type { QueuedDelivery, StoredTranscript } from '#store';
import type { ConversationJson, DeliveryStoryJson, QueuedDeliveryJson } from '../contract/queue-answers.js';
import type { DeliveryStory } from './delivery-story.js';
import { explainWaiting } from './explain-waiting.js';

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/** Values may be long. */
const MAX_TEXT = 1000;

/** `account`: the public id of its account, in an answer about several accounts. */
export function presentDelivery(delivery: QueuedDelivery, account?: string): QueuedDeliveryJson {
  const { last } = delivery;
  return {
    id: delivery.id,
    account,
    message_id: delivery.messageId,
    domain: delivery.domain,
    sender: delivery.sender,
    recipient: delivery.recipient,
    destination: delivery.destinationName,
    priority: delivery.priority,
    due: rfc3339(delivery.due),
    attempts: delivery.attempts,
    last: last
      ? {
          code: last.code,
          enhanced_code: last.enhancedCode,
          message: last.message,
          mx_host: last.mxHost,
          first_attempt_at: rfc3339(last.firstAttemptAt),
        }
      : null,
    subject: subjectOf(delivery),
    size: delivery.size,
    accepted_at: rfc3339(delivery.acceptedAt),
    expires_at: rfc3339(delivery.expiresAt),
  };
}

function subjectOf(delivery: QueuedDelivery): string {
  const { subject, recipientVariables } = delivery;
  return recipientVariables === undefined ? subject : substituteText(subject, makeLookup(mergeRecipientOf(delivery))).slice(0, MAX_TEXT);
}

/** `account`: the public id of its account, in an answer about several accounts. */
export function presentStory(story: DeliveryStory, now: number, account?: string): DeliveryStoryJson {
  const conversations = story.transcripts.map(presentTranscript);
  if (story.state === 'open') {
    const { text, nextAttemptAt } = explainWaiting(story.open, story.waiting, now);
    const next = nextAttemptAt === undefined ? null : new Date(nextAttemptAt).toISOString();
    return { ...presentDelivery(story.open, account), state: 'open', why: text, next_attempt_at: next, conversations };
  }
  const { id, messageId, recipient, state, end } = story;
  const destination = domainOf(recipient as Parameters<typeof domainOf>[0]);
  return { id: id ?? null, account, message_id: messageId, recipient, destination, state, end: end ?? null, conversations };
}

const presentTranscript = ({ attempt, at, outcome, text }: StoredTranscript): ConversationJson => ({
  attempt,
  at: new Date(at).toISOString(),
  outcome,
  text,
});
