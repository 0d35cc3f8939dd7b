/** The `o:` parameters of a send, read by the table of options that HTTP and SMTP share. Pure. */
import { badRequest, cleanText } from '#core';
import type { Form } from '#http';
import { type Asked, optionOfParameter, readOption } from '#intake';

/** All names and values of `o:`, `h:`, `v:` and `t:` together, bytes. */
const MAX_TOTAL = 16 * 1024;

/** Refusal 400 naming the parameter: over 16 kB in all, an unknown name, or a value that is not of the option's form. */
export function readSendOptions(form: Form): Asked {
  checkTotal(form);
  let asked: Asked = { options: {}, tags: [] };
  for (const name of form.names()) {
    if (!name.startsWith('o:')) continue;
    const rule = optionOfParameter(name);
    if (rule === undefined) throw badRequest(`'${cleanText(name)}' is not a send option`);
    if (form.files(name).length > 0) throw badRequest(`'${name}' parameter must not be a file`);
    for (const value of form.texts(name)) asked = readOption(asked, rule, name, value);
  }
  return asked;
}

function checkTotal(form: Form): void {
  let total = 0;
  for (const name of form.names()) {
    if (!/^[ohvt]:/.test(name)) continue;
    for (const value of form.texts(name)) total += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (total > MAX_TOTAL) throw badRequest('Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total');
}
