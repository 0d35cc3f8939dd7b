/** Received fields: a message that goes in circles is stopped by them, and ours is added. */
import { Refusal, rfc2822Date } from '#core';
import { makeField } from '#mail';
import type { IntakeStep } from '../draft/step.js';

const MAX_HOPS = 50;
/** Mail that a recipient's server forwards to somebody here passes twice, with a list or two in between a few times more. */
const MAX_PASSES = 4;

/** Stops a message that goes in circles (RFC 5321 6.3). */
export const checkHops: IntakeStep = (draft, { ownTrace }) => {
  const received = draft.head.filter((field) => field.lowerName === 'received');
  if (received.length > MAX_HOPS) return looping('Too many hops: the message is looping');
  // Fewer fields cannot hold so many of our marks: most messages have passed nowhere.
  const passes = received.length < MAX_PASSES ? 0 : ownTrace.passes(received.map(({ value }) => value));
  return passes < MAX_PASSES ? draft : looping(`The message is looping: it has passed this server ${passes} times`);
};

const looping = (text: string) => new Refusal({ smtpCode: 554, enhancedCode: '5.4.6', httpStatus: 400, text });

/** Adds our Received field (RFC 5321 4.4). Who logged in is nobody's business but ours, so the field does not say it. */
export const addTrace: IntakeStep = (draft, { hostname, ids, ownTrace }) => {
  const { helo, remoteAddress, method, protocol } = draft.submission;
  const from = method === 'smtp' ? `from ${heloName(helo)} ([${remoteAddress.includes(':') ? 'IPv6:' : ''}${remoteAddress}]) ` : '';
  const id = ownTrace.mark(ids.next().toString(36).toUpperCase());
  const value = `${from}by ${hostname} (Mailwagon) with ${protocol} id ${id}; ${rfc2822Date(draft.receivedAt)}`;
  return { ...draft, head: [makeField('Received', value), ...draft.head] };
};

/** What the client called itself, if it looks like a name; other text could only confuse readers. */
const heloName = (helo = '') => (/^[A-Za-z0-9_.:[\]-]{1,255}$/.test(helo) ? helo : 'unknown');
