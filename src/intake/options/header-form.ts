/** The X-Mailgun fields that ask for something. Pure. */
import type { HeadField } from '#mail';

export const HEADER_FORM_PREFIX = 'x-mailgun-';

/** Mailgun puts it on what it sends: such a message was sent before, and its other fields are what its first sender asked for. */
const SENT_BEFORE = 'x-mailgun-sid';

export const wasSentBefore = (head: readonly HeadField[]): boolean => head.some((field) => field.lowerName === SENT_BEFORE);
