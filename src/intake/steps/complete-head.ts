/** Adds what every message must have (RFC 6409 8: From, Date, Message-ID), removes what recipients must not see, folds over-long lines. */
import { badRequest, makeMessageId, rfc2822Date } from '#core';
import { firstValue, foldLongFields, type HeadField, makeField } from '#mail';
import type { IntakeStep } from '../draft/step.js';

const PRIVATE = new Set(['bcc', 'resent-bcc', 'return-path']);

export const completeHead: IntakeStep = (draft) => {
  const { sender, domain } = draft.submission;
  const head = draft.head.filter((field) => !PRIVATE.has(field.lowerName));
  const added: HeadField[] = [];
  const has = (name: string) => head.some((field) => field.lowerName === name);

  if (!has('from')) {
    if (sender === '') return badRequest('From header is missing');
    added.push(makeField('From', sender));
  }
  if (!has('date')) added.push(makeField('Date', rfc2822Date(draft.receivedAt)));
  const given = /^<?([^<>\s]{1,900})>?$/.exec(firstValue(head, 'message-id') ?? '')?.[1];
  const messageId = given ?? makeMessageId(draft.receivedAt, domain.name);
  const kept = given === undefined ? head.filter((field) => field.lowerName !== 'message-id') : head;
  if (given === undefined) added.push(makeField('Message-Id', `<${messageId}>`));
  return { ...draft, messageId, head: foldLongFields([...added, ...kept]) };
};
