/** Shows the message's variables to its recipients in X-Mailgun-Variables (manual page "Attaching data to messages"), unless its sender suppresses that. */
import { makeField } from '#mail';
import type { Step } from '../step.js';

const NAME = 'X-Mailgun-Variables';

export const showVariables: Step = (draft) => {
  const { suppressHeaders = [] } = draft.requested;
  const isHidden = suppressHeaders === 'all' || suppressHeaders.includes(NAME.toLowerCase());
  if (isHidden || Object.keys(draft.userVariables).length === 0) return draft;
  // Blanks where a line may be folded, and ASCII that JSON reads as the same text.
  const json = JSON.stringify(draft.userVariables, undefined, 1).replace(/\n\s*/g, ' ');
  const ascii = json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { ...draft, head: [...draft.head, makeField(NAME, ascii)] };
};
