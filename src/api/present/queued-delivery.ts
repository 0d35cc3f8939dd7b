/** An open delivery as the command line reads it. */
import type { QueuedDelivery } from '#store';
import type { QueuedDeliveryJson } from '../contract/queue-answers.js';

const rfc3339 = (ms: number): string => new Date(ms).toISOString();

export function presentDelivery(delivery: QueuedDelivery): QueuedDeliveryJson {
  const { last } = delivery;
  return {
    id: delivery.id,
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
    subject: delivery.subject,
    size: delivery.size,
    accepted_at: rfc3339(delivery.acceptedAt),
    expires_at: rfc3339(delivery.expiresAt),
  };
}
