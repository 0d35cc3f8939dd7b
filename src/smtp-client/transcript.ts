/**
 * The words exchanged with one peer, for the operator: what set the session up, and the message in progress. Bounded, never the message itself and
 * never a secret. Kept as the pieces that came; the text is made only when somebody wants it.
 */

export interface Transcript {
  /** A command, as it was sent. */
  client(text: string): void;
  /** A reply, all its lines. */
  server(text: string): void;
  /** Something that neither side said. */
  remark(text: string): void;
  /** Forgets the message before; what set the session up stays. */
  beginMessage(): void;
  /** Lines marked `C:`, `S:` or `*`. */
  text(): string;
}

/** Characters. Together they stay below 4 kB with their marks. */
const MAX_SETUP = 1600;
const MAX_MESSAGE = 2000;
/** Of one command or reply. */
const MAX_PIECE = 600;
/** The rest of a part that grew too long is left out, with this in its place. */
const LEFT_OUT = '* …';

interface Part {
  /** Mark and text by turns. */
  pieces: string[];
  room: number;
}

const newPart = (room: number): Part => ({ pieces: [], room });

export function makeTranscript(): Transcript {
  const setup = newPart(MAX_SETUP);
  let part = setup;
  let messages = 0;

  function add(mark: string, text: string): void {
    if (part.room <= 0) return;
    const piece = text.length > MAX_PIECE ? cut(text) : text;
    part.room -= piece.length + 4;
    part.pieces.push(mark, piece);
  }

  return {
    client: (text) => add('C: ', hideSecrets(text)),
    server: (text) => add('S: ', text),
    remark: (text) => add('* ', text),
    beginMessage() {
      messages++;
      part = newPart(MAX_MESSAGE);
    },
    text() {
      const lines = linesOf(setup);
      if (messages > 1) lines.push(`* ${messages - 1} earlier ${messages === 2 ? 'message' : 'messages'} on this connection`);
      if (part !== setup) lines.push(...linesOf(part));
      return lines.join('\n');
    },
  };
}

function linesOf({ pieces, room }: Part): string[] {
  const lines: string[] = [];
  for (let index = 0; index < pieces.length; index += 2) {
    for (const line of (pieces[index + 1] ?? '').split(/\r?\n/)) lines.push(`${pieces[index]}${clean(line)}`);
  }
  if (room <= 0) lines.push(LEFT_OUT);
  return lines;
}

const clean = (line: string) => line.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trimEnd();

/** A copy, so that a reply of 64 kB is not kept alive by its beginning. */
const cut = (text: string) => Buffer.from(`${text.slice(0, MAX_PIECE)}…`).toString();

/** Everything of AUTH but the mechanism, and the lines that answer its challenges, which have no verb. */
function hideSecrets(text: string): string {
  if (/^auth /i.test(text)) return `${/^\S+ \S+/.exec(text)?.[0] ?? 'AUTH'} (not shown)`;
  return VERB.test(text) ? text : '(not shown)';
}

const VERB = /^(?:EHLO|HELO|LHLO|STARTTLS|MAIL|RCPT|DATA|BDAT|RSET|NOOP|QUIT)\b/i;
