/**
 * Options a message carries in X-Mailgun-* fields, the twins of the API's `o:` and `v:` parameters (manual page "Sending via SMTP"). The fields are
 * removed, so that no recipient sees them. What this server cannot do is refused by name rather than ignored.
 */
import { badRequest, Refusal } from '#core';
import { decodeHeaderText, type HeadField } from '#mail';
import type { Draft } from '../draft.js';
import { decideSendOption, mergeTags, parseVariables } from '../send-options.js';
import type { Step } from '../step.js';

const PREFIX = 'x-mailgun-';

export const readOptions: Step = (draft) => {
  const twins = draft.head.filter((field) => field.lowerName.startsWith(PREFIX));
  if (twins.length === 0) return draft;
  const head = draft.head.filter((field) => !field.lowerName.startsWith(PREFIX));
  try {
    return twins.reduce((changed, field) => withTwin(changed, field), { ...draft, head });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};

/** Twins whose name differs from the `o:` option. */
const OTHER_NAMES: Record<string, string> = {
  'drop-message': 'testmode',
  'deliver-by': 'deliverytime',
  track: 'tracking',
  'track-clicks': 'tracking-clicks',
  'track-opens': 'tracking-opens',
  'track-pixel-location-top': 'tracking-pixel-location-top',
};

/** Fields that Mailgun itself adds to mail it passes on; they ask for nothing. */
const TRACES = new Set([
  'sid',
  'incoming',
  'sending-ip-pool-name',
  'sflag',
  'sscore',
  'spf',
  'dkim-check-result',
  'spam-rules',
  'batch-id',
]);

function withTwin(draft: Draft, field: HeadField): Draft {
  const twin = field.lowerName.slice(PREFIX.length);
  if (TRACES.has(twin)) return draft;
  // Clients encode what is not plain text: nodemailer does so with JSON.
  const value = decodeHeaderText(field.value);
  if (twin === 'tag')
    return {
      ...draft,
      tags: mergeTags(
        draft.tags,
        value
          .split(',')
          .map((tag) => tag.trim())
          .filter((tag) => tag !== ''),
      ),
    };
  if (twin === 'variables') return { ...draft, userVariables: { ...parseVariables(field.name, value), ...draft.userVariables } };
  const decision = decideSendOption(OTHER_NAMES[twin] ?? twin, value);
  if (decision.kind === 'unsupported') throw badRequest(`'${field.name}' is not supported by this version`);
  if (decision.kind === 'invalid') throw badRequest(`'${field.name}' is invalid: ${decision.expected}`);
  if (decision.kind === 'none') return draft;
  // What was asked beside the message wins over what stands in it.
  return { ...draft, options: { ...draft.options, ...decision.options, ...draft.submission.options } };
}
