/** An open delivery as the command line reads it. Of a batch it says what this recipient will see. */
import { makeLookup, mergeRecipientOf, substituteText } from '#mail';
import type { QueuedDelivery } from '#store';
import type { QueuedDeliveryJson } from '../contract/queue-answers.js';

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

/** Values may be long. */
const MAX_TEXT = 1000;

/** `account`: its public id, where it is not plain whose it is. */
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
