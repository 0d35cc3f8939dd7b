/** A reply of an SMTP server, its lines joined by spaces. Enhanced code as in RFC 3463, `''` when none was given. */
export interface SmtpReply {
  code: number;
  enhancedCode: string;
  /** Text after the code, enhanced code included, as the remote wrote it; control characters removed, at most 1000 characters. */
  text: string;
}

const MAX_TEXT = 1000;

/** Reads a raw reply, multi-line or not. Gives undefined when it does not begin with a reply code. */
export function parseSmtpReply(raw: string): SmtpReply | undefined {
  const lines = raw.split(/\r?\n/).filter((line) => line.length > 0);
  const first = /^([2-5]\d\d)(?:[ -]|$)/.exec(lines[0] ?? '');
  if (!first) return undefined;
  const code = Number(first[1]);
  const texts = lines.map((line) => line.replace(/^\d{3}[ -]?/, ''));
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(texts[0] ?? '');
  // The enhanced code is repeated on each line of a multi-line reply (RFC 2034 4); said once is enough.
  const joined = texts.map((text, index) =>
    index > 0 && enhanced && text.startsWith(`${enhanced[1]} `) ? text.slice(String(enhanced[1]).length + 1) : text,
  );
  return { code, enhancedCode: enhanced?.[1] ?? '', text: cleanText(joined.join(' ')) };
}

/** One line, no control characters, bounded: safe for logs, events and JSON. */
export function cleanText(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT);
}
