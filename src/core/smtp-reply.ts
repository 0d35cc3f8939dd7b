/** A reply of an SMTP server, its lines joined by spaces. Enhanced code as in RFC 3463, `''` when none was given. */
export interface SmtpReply {
  code: number;
  enhancedCode: string;
  /** Text after the code, enhanced code included, as the remote wrote it; control characters removed, at most 1000 characters. */
  text: string;
}

const MAX_TEXT = 1000;

/** A reply of our own, in the form a server would have written it. */
export function ownReply(code: number, enhancedCode: string, text: string): SmtpReply {
  return { code, enhancedCode, text: `${enhancedCode} ${text}` };
}

/** Reads a raw reply, multi-line or not; its last line decides (RFC 5321 4.2.1). Gives undefined when that does not begin with a reply code. */
export function parseSmtpReply(raw: string): SmtpReply | undefined {
  const lines = raw.split(/\r?\n/).filter((line) => line.length > 0);
  const [, digits] = /^([2-5]\d\d)(?:[ -]|$)/.exec(lines.at(-1) ?? '') ?? [];
  if (digits === undefined) return undefined;
  const texts = lines.map((line) => line.replace(/^\d{3}[ -]?/, ''));
  const enhancedCode = texts.map((text) => enhancedCodeOf(text, digits)).findLast((found) => found !== '') ?? '';
  // The enhanced code is repeated on each line of a multi-line reply (RFC 2034 4); said once is enough.
  const joined = texts.map((text, index) =>
    index > 0 && enhancedCode !== '' && texts[0]?.startsWith(`${enhancedCode} `) && text.startsWith(`${enhancedCode} `)
      ? text.slice(enhancedCode.length + 1)
      : text,
  );
  return { code: Number(digits), enhancedCode, text: cleanText(joined.join(' ')) };
}

/** A success code in a refusal, or the other way round, is ignored. A 4 with a 5 is kept: servers mix these up, and the reply code counts. */
function enhancedCodeOf(text: string, digits: string): string {
  const found = /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(text)?.[1] ?? '';
  return (found[0] === '2') === (digits[0] === '2') ? found : '';
}

/** One line, no control characters, bounded: safe for logs, events and JSON. */
export function cleanText(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT);
}
