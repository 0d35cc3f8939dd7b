/** Everything known of a delivery, as the command line reads it. */
import { domainOf } from '#core';
import type { StoredConversation } from '#store';
import type { ConversationJson, DeliveryStoryJson } from '../contract/queue-answers.js';
import type { DeliveryStory } from '../operator/delivery-story.js';
import { explainWaiting } from '../operator/explain-waiting.js';
import { presentDelivery } from './queued-delivery.js';

/** `account`: its public id, where it is not plain whose it is. */
export function presentStory(story: DeliveryStory, now: number, account?: string): DeliveryStoryJson {
  const conversations = story.conversations.map(presentConversation);
  if (story.state === 'open') {
    const { text, nextAttemptAt } = explainWaiting(story.open, story.waiting, now);
    const next = nextAttemptAt === undefined ? null : new Date(nextAttemptAt).toISOString();
    return { ...presentDelivery(story.open, account), state: 'open', why: text, next_attempt_at: next, conversations };
  }
  const { id, messageId, recipient, state, end } = story;
  const destination = domainOf(recipient as Parameters<typeof domainOf>[0]);
  return { id: id ?? null, account, message_id: messageId, recipient, destination, state, end: end ?? null, conversations };
}

const presentConversation = ({ attempt, at, outcome, text }: StoredConversation): ConversationJson => ({
  attempt,
  at: new Date(at).toISOString(),
  outcome,
  text,
});
