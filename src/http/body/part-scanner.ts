/**
 * Counts the parts of a multipart body and notes their types, beside the parser. The parser (busboy) silently drops a part whose head it cannot read,
 * and a message without its attachment is worse than a refusal: so the reader compares the parts that the parser gave with the count made here. The
 * parser also leaves out the parameters of a part's type, and says that a part without a type is plain text.
 */
export interface PartScanner {
  /** The next bytes of the body. */
  see(chunk: Buffer): void;
  /** Parts seen so far; the whole count once the body has ended with its closing delimiter. */
  readonly parts: number;
  /** The Content-Type of the part with this index, as it was written but on one line; `''` when it has none, or its head has not been seen whole. */
  contentType(index: number): string;
}

const HEAD_END = Buffer.from('\r\n\r\n');
/** The parser takes no head that is longer. */
const MAX_HEAD = 16 * 1024;

/** The boundary parameter of a Content-Type header; undefined when there is none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s"]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

export function makePartScanner(boundary: string): PartScanner {
  const needle = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const types: string[] = [];
  let delimiters = 0;
  /** True behind a delimiter, until the head there has ended. */
  let inHead = false;
  // The first delimiter may be the first line of the body.
  let tail: Buffer = Buffer.from('\r\n');
  return {
    see(chunk) {
      const window = Buffer.concat([tail, chunk]);
      let next = 0;
      for (;;) {
        if (inHead) {
          const end = window.indexOf(HEAD_END, next);
          if (end < 0 && window.length - next <= MAX_HEAD) break;
          types.push(end < 0 ? '' : contentTypeIn(window.toString('utf8', next, end)));
          inHead = false;
        }
        const at = window.indexOf(needle, next);
        if (at < 0) break;
        delimiters++;
        next = at + needle.length;
        inHead = true;
      }
      tail = Buffer.from(window.subarray(inHead ? next : Math.max(next, window.length - needle.length + 1)));
    },
    get parts() {
      return Math.max(0, delimiters - 1);
    },
    contentType: (index) => types[index] ?? '',
  };
}

/** `head` begins with the line end behind the delimiter. */
function contentTypeIn(head: string): string {
  const match = /\r\ncontent-type:((?:[^\r\n]|\r\n[ \t])*)/i.exec(head);
  return match?.[1]?.replaceAll('\r\n', '').trim() ?? '';
}
