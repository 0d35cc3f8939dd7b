/**
 * Options a message carries in X-Mailgun-* fields, the twins of the API's `o:` and `v:` parameters (manual page "Sending via SMTP"). The fields are
 * removed, so that no recipient sees them. What is no option is refused by name rather than ignored.
 */
import { badRequest, Refusal } from '#core';
import { decodeHeaderText, type HeadField } from '#mail';
import type { Draft } from '../draft.js';
import { optionName, optionOfField, readOption } from '../options/read-option.js';
import { parseVariables } from '../options/read-variables.js';
import { resolveOptions } from '../options/resolve-options.js';
import { TWIN_PREFIX, wasSentBefore } from '../options/twin-fields.js';
import type { Step } from '../step.js';
import { withTemplateTwin } from '../template/template-request.js';

/** Fields that Mailgun itself adds to mail it passes on; they ask for nothing. */
const TRACES = new Set(['incoming', 'sending-ip-pool-name', 'sflag', 'sscore', 'spf', 'dkim-check-result', 'spam-rules', 'batch-id']);

/** The variables of many recipients may be larger, as over HTTP. */
const NOT_COUNTED = 'x-mailgun-recipient-variables';
/** Of the fields together, bytes: what `o:`, `h:`, `v:` and `t:` may have over HTTP. */
const MAX_TOTAL = 16 * 1024;

export const readOptions: Step = (draft, { limits }) => {
  try {
    const read = readTwins(draft);
    if (read.tags.length <= limits.tagsPerMessage) return read;
    const name = optionName(read.submission.method, 'tag');
    return badRequest(`Too many tags (${name}), max is ${limits.tagsPerMessage}`);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};

function readTwins(draft: Draft): Draft {
  const twins = draft.head.filter((field) => field.lowerName.startsWith(TWIN_PREFIX));
  if (twins.length === 0 || wasSentBefore(twins)) return draft;
  checkTotal(twins);
  const head = draft.head.filter((field) => !field.lowerName.startsWith(TWIN_PREFIX));
  const read = twins.reduce(withTwin, { ...draft, head });
  return { ...read, options: resolveOptions(read.requested, read.submission.domain) };
}

function checkTotal(twins: readonly HeadField[]): void {
  const counted = twins.filter((field) => field.lowerName !== NOT_COUNTED);
  if (counted.reduce((total, { raw }) => total + raw.byteLength, 0) > MAX_TOTAL) {
    throw badRequest('Send options (headers starting with X-Mailgun-) are limited to 16 kB total');
  }
}

/** What was asked beside the message wins over what stands in it, and of fields of one name the topmost. */
function withTwin(draft: Draft, field: HeadField): Draft {
  const twin = field.lowerName.slice(TWIN_PREFIX.length);
  // Clients encode what is not plain text: nodemailer does so with JSON.
  const value = decodeHeaderText(field.value);
  if (TRACES.has(twin) || value.trim() === '') return draft;
  if (twin === 'variables') return { ...draft, userVariables: { ...parseVariables(field.name, value), ...draft.userVariables } };
  const template = withTemplateTwin(draft.template, twin, field.name, value);
  if (template !== undefined) return { ...draft, template };
  const rule = optionOfField(twin);
  if (rule === undefined) throw badRequest(`'${field.name}' is not a send option`);
  const { options, tags } = readOption({ options: draft.requested, tags: draft.tags }, rule, field.name, value);
  return { ...draft, requested: options, tags };
}
