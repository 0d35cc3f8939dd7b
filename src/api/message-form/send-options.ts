/** The `o:` parameters of a send, by the rules both doors share. What this version would not obey is refused by name. Pure. */
import { badRequest, cleanText, type SendOptions } from '#core';
import { decideSendOption, mergeTags } from '#intake';
import type { Form } from '../body/form.js';
import { notSupported } from '../error-answer.js';

/** All names and values of `o:`, `h:`, `v:` and `t:` together, bytes. */
const MAX_TOTAL = 16 * 1024;

/** Refusal 400 naming the parameter: over 16 kB in all, no boolean, a bad tag, or something a later version will know. */
export function readSendOptions(form: Form): { options: Partial<SendOptions>; tags: string[] } {
  checkTotal(form);
  const options: Partial<SendOptions> = {};
  for (const name of form.names()) {
    if (name === 'template' || name === 'recipient-variables' || name.startsWith('t:')) throw notSupported(name);
    if (!name.startsWith('o:') || name === 'o:tag') continue;
    const decision = decideSendOption(name.slice(2), form.text(name) ?? '');
    if (decision.kind === 'unsupported') throw notSupported(name);
    if (decision.kind === 'invalid') throw badRequest(`'${cleanText(name)}' parameter is invalid: ${decision.expected}`);
    if (decision.kind === 'option') Object.assign(options, decision.options);
  }
  return { options, tags: mergeTags([], form.texts('o:tag')) };
}

function checkTotal(form: Form): void {
  let total = 0;
  for (const name of form.names()) {
    if (!/^[ohvt]:/.test(name)) continue;
    for (const value of form.texts(name)) total += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (total > MAX_TOTAL) throw badRequest('Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total');
}
