/**
 * Options a message carries in X-Mailgun-* fields, the forms of the API's `o:` and `v:` parameters (manual page "Sending via SMTP"). The fields are
 * removed, so that no recipient sees them. What is no option is refused by name rather than ignored.
 */
import { badRequest, Refusal } from '#core';
import { decodeHeaderText, type HeadField } from '#mail';
import type { Draft } from '../draft/draft.js';
import type { IntakeStep } from '../draft/step.js';
import { HEADER_FORM_PREFIX, wasSentBefore } from '../options/header-form.js';
import { idleOptions } from '../options/idle-options.js';
import { optionName, optionOfField, readOption } from '../options/read-option.js';
import { parseVariables } from '../options/read-variables.js';
import { resolveOptions } from '../options/resolve-options.js';
import { withTemplateField } from '../template/template-request.js';

/** Fields that Mailgun itself adds to mail it passes on; they ask for nothing. */
const TRACES = new Set(['incoming', 'sending-ip-pool-name', 'sflag', 'sscore', 'spf', 'dkim-check-result', 'spam-rules', 'batch-id']);

/** The variables of many recipients may be larger, as over HTTP. */
const NOT_COUNTED = 'x-mailgun-recipient-variables';
/** Of the fields together, bytes: what `o:`, `h:`, `v:` and `t:` may have over HTTP. */
const MAX_TOTAL = 16 * 1024;

export const readOptions: IntakeStep = (draft, { limits }) => {
  try {
    const read = readHeaderForms(draft);
    if (read.tags.length <= limits.tagsPerMessage) return read;
    const name = optionName(read.submission.method, 'tag');
    return badRequest(`Too many tags (${name}), max is ${limits.tagsPerMessage}`);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};

function readHeaderForms(draft: Draft): Draft {
  const forms = draft.head.filter((field) => field.lowerName.startsWith(HEADER_FORM_PREFIX));
  if (forms.length === 0 || wasSentBefore(forms)) return draft;
  checkTotal(forms);
  const head = draft.head.filter((field) => !field.lowerName.startsWith(HEADER_FORM_PREFIX));
  const read = forms.reduce(withHeaderForm, { ...draft, head });
  return { ...read, options: resolveOptions(read.requested, read.submission.domain) };
}

function checkTotal(forms: readonly HeadField[]): void {
  const counted = forms.filter((field) => field.lowerName !== NOT_COUNTED);
  if (counted.reduce((total, { raw }) => total + raw.byteLength, 0) > MAX_TOTAL) {
    throw badRequest('Send options (headers starting with X-Mailgun-) are limited to 16 kB total');
  }
}

/** What was asked beside the message wins over what stands in it, and of fields of one name the topmost. */
function withHeaderForm(draft: Draft, field: HeadField): Draft {
  const name = field.lowerName.slice(HEADER_FORM_PREFIX.length);
  // Clients encode what is not plain text: nodemailer does so with JSON.
  const value = decodeHeaderText(field.value);
  if (TRACES.has(name) || value.trim() === '') return draft;
  if (name === 'variables') return { ...draft, userVariables: { ...parseVariables(field.name, value), ...draft.userVariables } };
  const template = withTemplateField(draft.template, name, field.name, value);
  if (template !== undefined) return { ...draft, template };
  const rule = optionOfField(name);
  if (rule === undefined) throw badRequest(`'${field.name}' is not a send option`);
  const { options, tags } = readOption({ options: draft.requested, tags: draft.tags }, rule, field.name, value);
  return { ...draft, requested: options, tags };
}

/** Puts into the log, once per account, what a message asks for that has no effect yet. */
export const noteIdle: IntakeStep = (draft, context) => {
  const { account, domain, method } = draft.submission;
  context.noteIdle(account, domain.name, idleOptions(method, draft.requested));
  return draft;
};
