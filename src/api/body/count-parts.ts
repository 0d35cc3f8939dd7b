/**
 * Counts the delimiters of a multipart body as it passes. The parser drops a part whose header it cannot read without a word; a message that goes
 * out without its attachment is worse than a refusal, so whoever reads a body compares what arrived with what was there.
 */
export interface PartCounter {
  /** The next bytes of the body. */
  see(chunk: Buffer): void;
  /** Parts seen so far; true to the body once it ended with its closing delimiter. */
  readonly parts: number;
}

/** The boundary parameter of a Content-Type header; undefined when there is none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s"]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

export function makePartCounter(boundary: string): PartCounter {
  const needle = Buffer.from(`\r\n--${boundary}`, 'latin1');
  let delimiters = 0;
  // The first delimiter may be the first line of the body.
  let tail = Buffer.from('\r\n');
  return {
    see(chunk) {
      const window = Buffer.concat([tail, chunk]);
      let next = 0;
      for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, next)) {
        delimiters++;
        next = at + needle.length;
      }
      tail = Buffer.from(window.subarray(Math.max(next, window.length - needle.length + 1)));
    },
    get parts() {
      return Math.max(0, delimiters - 1);
    },
  };
}
