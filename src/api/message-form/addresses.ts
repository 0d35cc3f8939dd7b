/** The address parameters of a send. Pure. */
import { type Address, badRequest, type LooseDots } from '#core';
import type { Form } from '#http';
import { parseAddressList } from '#mail';

const MAX_RECIPIENTS = 1000;
/** Characters of one parameter's values, and elements of its lists: a thousand recipients fit with long names, or several times. */
const MAX_LENGTH = 512 * 1024;
const MAX_ELEMENTS = 10 * MAX_RECIPIENTS;

export type AddressField = 'from' | 'to' | 'cc' | 'bcc';

/** Addresses of all values of a parameter, comma-joined or repeated; empty when it is absent. Refusal 400 naming it. */
export function readAddresses(form: Form, field: AddressField, looseDots?: LooseDots): Address[] {
  const values = form.texts(field);
  if (values.reduce((sum, value) => sum + value.length, 0) > MAX_LENGTH || countElements(values) > MAX_ELEMENTS) throw tooMany();
  return values.flatMap((value) => {
    const mailboxes = parseAddressList(value, looseDots);
    if (!mailboxes || mailboxes.length === 0) throw badRequest(`${field} parameter is not a valid address. please check documentation`);
    return mailboxes.map((mailbox) => mailbox.address);
  });
}

/** To, cc and bcc together, each address once: the envelope. Refusal 400 when `to` is missing or there are over 1000. */
export function readRecipients(form: Form, looseDots: LooseDots): Address[] {
  const to = readAddresses(form, 'to', looseDots);
  if (to.length === 0) throw badRequest('to parameter is missing');
  const recipients = new Set([...to, ...readAddresses(form, 'cc', looseDots), ...readAddresses(form, 'bcc', looseDots)]);
  if (recipients.size > MAX_RECIPIENTS) throw tooMany();
  return [...recipients];
}

/** Elements between separators, those in quotes counted too. */
function countElements(values: readonly string[]): number {
  let count = values.length;
  for (const value of values) {
    for (const separator of ',;') for (let at = value.indexOf(separator); at >= 0; at = value.indexOf(separator, at + 1)) count++;
  }
  return count;
}

const tooMany = () => badRequest(`Too many recipients, max is ${MAX_RECIPIENTS}`);
