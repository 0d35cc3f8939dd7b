/** Removes from a text what its writer only quoted, and the signature, as common mail programs mark them. Linear in the text; pure. */

export interface StrippedText {
  text: string;
  /** Includes the line that marks it; `''` when there is no signature. */
  signature: string;
}

/** A longer line is never a mark. */
const MAX_MARK = 1000;
const BLANK = /^\s*$/;
const QUOTED = /^\s{0,3}>/;
const SEPARATOR =
  /^\s*[-_*]{2,}\s*(?:original message|original appointment|forwarded message|reply message|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht)\s*[-_*]{2,}\s*$/i;
const RULE = /^\s*_{10,}\s*$/;
/** How the line before a quotation begins: `On DATE, NAME wrote:` in some languages. It must also contain a date or an address. */
const INTRODUCTION_START = /^\s*(?:on|am|le|el|il|op|em|den|w dniu)\s/i;
const INTRODUCTION_END = /\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał)\b[^:]{0,100}:\s*$/i;
const INTRODUCTION_TAIL = 150;
const FIRST_HEADER = /^\s*\*?(?:from|von|de|da|van)\s?:\*?\s*\S/i;
const OTHER_HEADER =
  /^\s*\*?(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto|inviato|oggetto|verzonden|aan|onderwerp)\s?:\*?/i;
/** The line end may still be included. */
const SIGNATURE = /^-- ?\r?$/;
const DEVICE =
  /^\s*(?:sent from (?:my|outlook|mail for)|get outlook for|von meinem .{1,40} gesendet|envoyé de mon|enviado desde mi|inviato da)\b/i;
/** How many non-blank lines at the end may hold the line of a device (such as `Sent from my …`). */
const DEVICE_LINES = 3;

/** A text without quotation and signature is given back unchanged. Line ends stay as they are. */
export function stripQuotes(text: string): StrippedText {
  const lines = text.split('\n');
  const marks = lines.map((line) => line.slice(0, MAX_MARK));
  const end = quotationStart(marks);
  const kept = lines.slice(0, end).filter((_line, index) => !QUOTED.test(marks[index] ?? ''));
  const sign = signatureStart(kept);
  if (kept.length === lines.length && sign === undefined) return { text, signature: '' };
  return { text: trimEnd(kept.slice(0, sign)), signature: sign === undefined ? '' : trimEnd(kept.slice(sign)) };
}

/** Index of the line where the quotation begins; the number of lines if there is none. */
function quotationStart(marks: string[]): number {
  for (const [index, mark] of marks.entries()) {
    if (SEPARATOR.test(mark) || introduces(marks, index) || beginsHeaders(marks, index)) return index;
    if (RULE.test(mark) && beginsHeaders(marks, index + 1)) return index;
  }
  return marks.length;
}

/** The introduction may span up to three lines. */
function introduces(marks: string[], index: number): boolean {
  if (!INTRODUCTION_START.test(marks[index] ?? '')) return false;
  return [1, 2, 3].some((count) => {
    const text = marks
      .slice(index, index + count)
      .join(' ')
      .trimEnd();
    return /[\d@]/.test(text) && INTRODUCTION_END.test(text.slice(-INTRODUCTION_TAIL));
  });
}

/** `From:`, with at least two other header lines among the next four lines. */
function beginsHeaders(marks: string[], index: number): boolean {
  if (!FIRST_HEADER.test(marks[index] ?? '')) return false;
  return marks.slice(index + 1, index + 5).filter((mark) => OTHER_HEADER.test(mark)).length >= 2;
}

function signatureStart(lines: string[]): number | undefined {
  const dashes = lines.findLastIndex((line) => SIGNATURE.test(line.slice(0, 5)));
  if (dashes >= 0) return dashes;
  let seen = 0;
  for (let index = lines.length - 1; index >= 0 && seen < DEVICE_LINES; index--) {
    const mark = (lines[index] ?? '').slice(0, MAX_MARK);
    if (BLANK.test(mark)) continue;
    if (DEVICE.test(mark)) return index;
    seen++;
  }
  return undefined;
}

function trimEnd(lines: string[]): string {
  let end = lines.length;
  while (end > 0 && BLANK.test((lines[end - 1] ?? '').slice(0, MAX_MARK))) end--;
  return lines.slice(0, end).join('\n').trimEnd();
}
