/** Puts the finished message into the queue, one delivery per recipient, with its `accepted` events. From here on it is ours. */
import { setImmediate } from 'node:timers/promises';
import { type Address, domainOf, type IdSource, type Message, makeStorageKey, type Priority, SECOND } from '#core';
import { joinHead } from '#mail';
import type { IdempotencyRecord, OutboxEvent } from '#store';
import { variablesOf } from '../batch/recipient-variables.js';
import { acceptedAs, type Draft } from '../draft/draft.js';
import { headerTexts } from '../draft/header-texts.js';
import { giveUpAt, sendWindow } from '../draft/schedule.js';
import type { IntakeStep } from '../draft/step.js';

const BULK = 100;
/** Events are made in turns of the event loop of about so many ms: values and templates may be long. */
const TURN_MS = 20;

export const commit: IntakeStep = async (draft, context) => {
  const { directory, queue, recorder, usage, ids, clock, preferredSendTime } = context;
  const { account, domain, recipients } = draft.submission;
  const acceptedAt = clock.now();
  const window = sendWindow(draft.requested, acceptedAt);
  const isOpen = window.until > window.from;
  const dues = isOpen ? await Promise.all(recipients.map((recipient) => preferredSendTime(recipient, window))) : [];
  const dueOf = (index: number) => dues[index] ?? window.from;
  const message = messageOf(draft, ids, acceptedAt, giveUpAt(draft.requested, Math.max(window.from, ...dues)));
  const { publicId: accountId } = await directory.accounts.get(account);
  const priority: Priority = recipients.length === 1 ? 0 : recipients.length <= BULK ? 1 : 2;
  // Of a batch no recipient's event names the others, and a thousand events do not hold a thousand names each.
  const shown = (recipient: Address) => (draft.merge === undefined ? recipients : [recipient]);
  const deliveries = recipients.map((recipient, index) => {
    return { id: ids.next(), ...toOf(draft, recipient), destinationName: domainOf(recipient), priority, due: dueOf(index) };
  });
  const events: OutboxEvent[] = [];
  let turnBegan = clock.monotonic();
  try {
    for (const delivery of deliveries) {
      events.push(recorder.accepted({ ...delivery, message, accountId, recipients: shown(delivery.recipient) }));
      if (clock.monotonic() - turnBegan < TURN_MS) continue;
      await setImmediate();
      turnBegan = clock.monotonic();
    }
    await queue.put({
      message,
      deliveries,
      events,
      keepMs: domain.messageTtl * SECOND,
      idempotency: idempotencyOf(draft, acceptedAt),
      usageDay: draft.usageDay,
    });
  } catch (error) {
    if (draft.usageDay !== undefined) usage.release(account, domain.name, draft.usageDay, recipients.length);
    throw error;
  }
  return draft;
};

/** A recipient, with what the message of theirs is made with when they are one of a batch. */
function toOf({ recipientVariables, recipientNames }: Draft, recipient: Address) {
  if (recipientVariables === undefined) return { recipient };
  return { recipient, recipientName: recipientNames?.get(recipient), recipientVariables: variablesOf(recipientVariables, recipient) };
}

function idempotencyOf(draft: Draft, at: number): IdempotencyRecord | undefined {
  const { once } = draft.submission;
  return once && { key: once.key, fingerprint: once.fingerprint, answer: once.answer(acceptedAs(draft)), at };
}

function messageOf(draft: Draft, ids: IdSource, acceptedAt: number, expiresAt: number): Message {
  const { submission } = draft;
  const head = joinHead(draft.head);
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
      ...(draft.filledBy === undefined ? {} : { template: draft.filledBy }),
    },
    acceptedAt,
    expiresAt,
    ...(draft.merge === undefined ? {} : { merge: draft.merge }),
  };
}
