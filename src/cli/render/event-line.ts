/** Shows an event as one line: its time, its name, the recipient, and the other side's reply. */
import { cleanText, SECOND } from '#core';
import type { Paint } from '../terminal.js';
import { timeText } from './time-text.js';

/** The parts of an event that the line shows; all but the first three depend on the kind of event. */
export interface WireEvent {
  event: string;
  id: string;
  /** s since the epoch, with a fraction. */
  timestamp: number;
  account?: { id?: string };
  recipient?: string;
  severity?: string;
  reason?: string;
  envelope?: { sender?: string };
  message?: { headers?: { subject?: string } };
  reject?: { reason?: string };
  'delivery-status'?: { code?: number; message?: string; description?: string; 'mx-host'?: string };
}

/** People want to know first whether a failed delivery is tried again. */
export const shownName = ({ event, severity }: WireEvent): string => (event === 'failed' && severity === 'temporary' ? 'deferred' : event);

/** Control characters are removed from texts of strangers. `isOwned`: the line names the account of the event. */
export function eventLine(paint: Paint, event: WireEvent, isOwned = false): string {
  const name = shownName(event);
  const colour = { delivered: paint.green, deferred: paint.yellow, failed: paint.red, rejected: paint.red }[name] ?? paint.bold;
  const sender = event.envelope?.sender;
  const parties = sender === undefined ? (event.recipient ?? '') : `${sender || '<>'} → ${event.recipient ?? ''}`;
  return [
    paint.dim(timeText(event.timestamp * SECOND)),
    colour(name.padEnd(9)),
    isOwned ? cleanText(event.account?.id ?? '') : '',
    cleanText(parties),
    cleanText(detailOf(event)),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function detailOf(event: WireEvent): string {
  const status = event['delivery-status'];
  if (status === undefined) return event.reject?.reason ?? event.message?.headers?.subject ?? event.reason ?? '';
  const said = status.message || status.description || event.reason || '';
  const host = status['mx-host'] ? `(${status['mx-host']})` : '';
  const code = status.code && !said.startsWith(String(status.code)) ? String(status.code) : '';
  return [code, said, host].filter((part) => part !== '').join(' ');
}
