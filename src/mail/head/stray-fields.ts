/**
 * Finds header fields that would arrive as text, because a blank line or a line that is not a field stands before them. A body may begin with lines
 * that look like fields (a quoted head, a memo). So a field counts only if the head has no field of that name.
 */
import { isBlankByte, lineKind } from './line-kind.js';

const LF = 0x0a;
const CR = 0x0d;
/** How many bytes after the head are looked at. */
const MAX_LOOK = 8 * 1024;

/** Fields that count after an empty line, which is how a head should end. Nearly every head has them, and no text begins with them. */
const SIGNS = new Set(['from', 'subject', 'mime-version', 'content-type', 'content-transfer-encoding']);
/** Fields that count after a line that does not belong into a head. */
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
/** If the text repeats one of these, it quotes a head. */
const REPEATED_IN_TEXT = ['from', 'to', 'subject', 'date'];
const NAMES_ADDRESSES = new Set(['from', 'to', 'cc', 'bcc', 'reply-to', 'sender']);

/**
 * `after` is what follows the head: the bytes after its empty line, or the bytes from the first line that is not a field. 'wait' if more bytes could
 * change the answer; never 'wait' if `whole` is true. Once the answer is 'fine' or 'stray', more bytes do not change it.
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
  // The line that ended the head is skipped.
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

/** An incomplete line is 'open' while it may still become a field. */
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
  // Only a date with time and zone counts, because people do not write dates like that in a text.
  if (name === 'date') return /:\d\d [+-]\d{4}\b/.test(value);
  return !NAMES_ADDRESSES.has(name) || value.includes('@');
}
