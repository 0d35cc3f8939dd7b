/** Puts the finished message into the queue, one delivery per recipient, with its `accepted` events. From here on it is ours. */
import { domainOf, type Message, makeStorageKey, type Priority } from '#core';
import { joinHead } from '#mail';
import { MESSAGE_LIFETIME } from '#queue';
import type { Draft } from '../draft.js';
import { headerTexts } from '../header-texts.js';
import type { IntakeContext, Step } from '../step.js';

const BULK = 100;

export const commit: Step = async (draft, context) => {
  const { directory, queue, recorder, usage, ids } = context;
  const { account, domain, recipients } = draft.submission;
  const message = messageOf(draft, context);
  const { publicId: accountId } = await directory.accounts.get(account);
  const priority: Priority = recipients.length === 1 ? 0 : recipients.length <= BULK ? 1 : 2;
  const due = message.acceptedAt;
  try {
    await queue.put({
      message,
      deliveries: recipients.map((recipient) => ({ id: ids.next(), recipient, destinationName: domainOf(recipient), priority, due })),
      events: recipients.map((recipient) => recorder.accepted({ message, accountId, recipient, recipients })),
      usageDay: draft.usageDay,
    });
  } catch (error) {
    if (draft.usageDay !== undefined) usage.release(account, domain.name, draft.usageDay, recipients.length);
    throw error;
  }
  return draft;
};

function messageOf(draft: Draft, { clock, ids }: IntakeContext): Message {
  const { submission } = draft;
  const head = joinHead(draft.head);
  const acceptedAt = clock.now();
  const bodyBytes = draft.body.kind === 'inline' ? draft.body.bytes.byteLength : draft.body.size;
  const id = ids.next();
  return {
    id,
    account: submission.account,
    domain: submission.domain.name,
    sender: submission.sender,
    head,
    body: draft.body,
    bodyHash: draft.bodyHash,
    size: head.byteLength + 2 + bodyBytes,
    traits: draft.traits,
    options: draft.options,
    facts: {
      headers: { ...headerTexts(draft.head), messageId: draft.messageId },
      attachments: draft.attachments,
      tags: draft.tags,
      userVariables: draft.userVariables,
      method: submission.method,
      isAuthenticated: submission.isAuthenticated,
      originatingIp: submission.remoteAddress,
      ...(submission.apiKeyId === undefined ? {} : { apiKeyId: submission.apiKeyId }),
      storageKey: makeStorageKey(id),
    },
    acceptedAt,
    expiresAt: acceptedAt + MESSAGE_LIFETIME,
  };
}
