/**
 * Finds header fields that would arrive as text, because a blank line or a line that is no field stands among them. A body may begin with lines that look
 * like fields (a quoted head, a memo), so only those count that say what the head does not.
 */
import { isBlankByte, lineKind } from './line-kind.js';

const LF = 0x0a;
const CR = 0x0d;
/** Bytes behind the head that are looked at. */
const MAX_LOOK = 8 * 1024;

/** Behind an empty line, which ends a head as it should: what hardly any head lacks and no text begins with. */
const SIGNS = new Set(['from', 'subject', 'mime-version', 'content-type', 'content-transfer-encoding']);
/** Behind a line that should not be there. */
const MORE_SIGNS = new Set([
  ...SIGNS,
  ...[
    'to',
    'cc',
    'bcc',
    'reply-to',
    'sender',
    'date',
    'message-id',
    'in-reply-to',
    'references',
    'received',
    'return-path',
    'dkim-signature',
  ],
  ...['content-disposition', 'list-unsubscribe', 'x-mailer', 'x-priority'],
]);
/** A head quoted in the text repeats some of these. */
const REPEATED_IN_TEXT = ['from', 'to', 'subject', 'date'];
const NAMES_ADDRESSES = new Set(['from', 'to', 'cc', 'bcc', 'reply-to', 'sender']);

/**
 * `after` is what follows the head: behind its empty line, or from the line on that is no field. 'wait' when more of it may say otherwise, which is
 * never so when it is `whole`. Longer text never turns 'fine' or 'stray' into something else.
 */
export function findStrayFields(
  names: ReadonlySet<string>,
  after: Uint8Array,
  headEnd: 'empty line' | 'other line',
  whole: boolean,
): 'wait' | 'fine' | 'stray' {
  const isWhole = whole || after.length >= MAX_LOOK;
  const bytes = Buffer.from(after.buffer, after.byteOffset, Math.min(after.length, MAX_LOOK));
  let isBehindEmpty = headEnd === 'empty line';
  let fields: string[] = [];
  // The line that ended the head is none of what follows it.
  let start = isBehindEmpty ? 0 : lineAt(bytes, 0, isWhole).next;
  while (start < bytes.length) {
    const { kind, isComplete, next } = lineAt(bytes, start, isWhole);
    const isText = kind === 'other' && !(fields.length > 0 && isBlankByte(bytes[start]));
    if (isBehindEmpty && isText) return 'fine';
    if (!isComplete && !isWhole) return 'wait';
    if (kind === 'field') {
      const field = bytes.toString('latin1', start, next);
      if (!isBehindEmpty && isSign(MORE_SIGNS, names, field)) return 'stray';
      fields.push(field);
    } else if (kind === 'empty') {
      if (isBehindEmpty && fields.length > 0) return verdict(fields, names);
      isBehindEmpty = true;
      fields = [];
    }
    start = next;
  }
  if (!isWhole) return 'wait';
  return isBehindEmpty ? verdict(fields, names) : 'fine';
}

/** A line that is not complete is 'open' while it may still become a field. */
function lineAt(
  bytes: Buffer,
  start: number,
  isWhole: boolean,
): { kind: 'empty' | 'field' | 'open' | 'other'; isComplete: boolean; next: number } {
  const lineFeed = bytes.indexOf(LF, start);
  const isComplete = lineFeed >= 0;
  const next = isComplete ? lineFeed + 1 : bytes.length;
  const end = !isComplete ? next : bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
  if (isComplete && end === start) return { kind: 'empty', isComplete, next };
  const kind = lineKind(bytes, start, end);
  if (kind !== 'unknown') return { kind, isComplete, next };
  return { kind: isComplete || isWhole ? 'other' : 'open', isComplete, next };
}

function verdict(fields: readonly string[], names: ReadonlySet<string>): 'fine' | 'stray' {
  const isQuoted = fields.map(nameOf).some((name) => REPEATED_IN_TEXT.includes(name) && names.has(name));
  return !isQuoted && fields.some((field) => isSign(SIGNS, names, field)) ? 'stray' : 'fine';
}

const nameOf = (field: string): string => field.slice(0, field.indexOf(':')).trimEnd().toLowerCase();

function isSign(signs: ReadonlySet<string>, names: ReadonlySet<string>, field: string): boolean {
  const name = nameOf(field);
  const value = field.slice(field.indexOf(':') + 1);
  if (names.has(name) || !(signs.has(name) || name.startsWith('x-mailgun-'))) return false;
  // A time with its zone, as people do not write it.
  if (name === 'date') return /:\d\d [+-]\d{4}\b/.test(value);
  return !NAMES_ADDRESSES.has(name) || value.includes('@');
}
