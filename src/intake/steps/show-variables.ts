/**
 * Shows the message's variables to its recipients in X-Mailgun-Variables (manual page "Attaching data to messages"), and removes the X-Mailgun
 * fields that its sender suppresses: a message that was sent before still has those of its first sender.
 */
import { makeField } from '#mail';
import type { IntakeStep } from '../draft/step.js';

const NAME = 'X-Mailgun-Variables';

export const showVariables: IntakeStep = (draft) => {
  const { suppressHeaders = [] } = draft.requested;
  const isHidden = (lowerName: string) =>
    suppressHeaders === 'all' ? lowerName.startsWith('x-mailgun-') : suppressHeaders.includes(lowerName);
  const head = suppressHeaders.length === 0 ? draft.head : draft.head.filter(({ lowerName }) => !isHidden(lowerName));
  if (isHidden(NAME.toLowerCase()) || Object.keys(draft.userVariables).length === 0) return { ...draft, head };
  // Spaces make places to fold the line at; characters beyond ASCII become JSON escapes.
  const json = JSON.stringify(draft.userVariables, undefined, 1).replace(/\n\s*/g, ' ');
  const ascii = json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { ...draft, head: [...head, makeField(NAME, ascii)] };
};
