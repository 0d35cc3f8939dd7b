/** Adds our Received field (RFC 5321 4.4). Who logged in is nobody's business but ours, so the field does not say it. */
import { rfc2822Date } from '#core';
import { makeField } from '#mail';
import type { IntakeStep } from '../draft/step.js';

export const addTrace: IntakeStep = (draft, { hostname, ids, ownTrace }) => {
  const { helo, remoteAddress, method, protocol } = draft.submission;
  const from = method === 'smtp' ? `from ${heloName(helo)} ([${remoteAddress.includes(':') ? 'IPv6:' : ''}${remoteAddress}]) ` : '';
  const id = ownTrace.mark(ids.next().toString(36).toUpperCase());
  const value = `${from}by ${hostname} (Mailwagon) with ${protocol} id ${id}; ${rfc2822Date(draft.receivedAt)}`;
  return { ...draft, head: [makeField('Received', value), ...draft.head] };
};

/** What the client called itself, as far as it is a name; the rest could only confuse who reads it. */
const heloName = (helo = '') => (/^[A-Za-z0-9_.:[\]-]{1,255}$/.test(helo) ? helo : 'unknown');
