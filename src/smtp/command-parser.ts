/**
 * Splits commands at CRLF and, for trusted clients, at a bare LF. The library's own parser takes a bare LF from everybody, and runs a last line that
 * has no line end. Both make two servers see different commands in the same bytes. Messages go through the DotReader, which ends them at CRLF.CRLF
 * alone, for trusted clients too.
 */
import type { SMTPServerDataStream } from 'smtp-server';
import { DotReader } from './dot-reader.js';
import { StreamBase } from './server-adapter.js';

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
/** Commands run in one go before other connections get their turn. */
const MAX_SYNC_COMMANDS = 100;

type Done = (error?: Error | null) => void;

export class CommandParser extends StreamBase {
  /** Bytes of a line that is not complete yet. */
  #held: Buffer = NOTHING;
  #dots = new DotReader();
  readonly #onBareLineFeed: () => 'take' | 'closed';

  /** `onBareLineFeed` is asked when a line ends in LF without CR: it takes the LF for a line end, or closes the connection. */
  constructor(options: { maxCommandLength: number; onBareLineFeed: () => 'take' | 'closed' }) {
    super({ maxCommandLength: options.maxCommandLength });
    this.#onBareLineFeed = options.onBareLineFeed;
  }

  /** While a command runs: the client has sent more bytes behind it in the same segment. */
  override get hasMore(): boolean {
    return this.#held.length > 0;
  }

  protected override readCommands(chunk: Buffer, done: Done): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#readLines(done);
  }

  #readLines(done: Done): void {
    let running = false;
    let again = false;
    let processed = 0;
    // A handler that answers at once calls back before it returns. A loop takes the next line then, so that a long pipeline does not grow the stack.
    const next = () => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      do {
        again = false;
        const line = this.#takeLine(done);
        if (line === undefined) break;
        if (++processed % MAX_SYNC_COMMANDS === 0) this.oncommand(line, () => setImmediate(next));
        else this.oncommand(line, next);
      } while (again);
      running = false;
    };
    next();
  }

  /** The next line without its line end. Undefined: there is none, and `done` was called, unless the connection is closed. */
  #takeLine(done: Done): Buffer | undefined {
    if (this.isClosed) {
      this.#held = NOTHING;
      done();
      return undefined;
    }
    if (this.isInMessage) {
      const rest = this.#held;
      this.#held = NOTHING;
      this.continueWithMessage(rest, done);
      return undefined;
    }
    const end = this.#held.indexOf(LF);
    if (end > this.maxLine || (end < 0 && this.#held.length > this.maxLine)) {
      this.#held = NOTHING;
      done(new Error('command line too long'));
      return undefined;
    }
    if (end < 0) {
      // A copy, so that a few bytes do not keep the whole segment.
      this.#held = Buffer.from(this.#held);
      done();
      return undefined;
    }
    const isBare = end === 0 || this.#held[end - 1] !== CR;
    if (isBare && this.#onBareLineFeed() === 'closed') {
      this.#held = NOTHING;
      done();
      return undefined;
    }
    const line = this.#held.subarray(0, isBare ? end : end - 1);
    this.#held = this.#held.subarray(end + 1);
    return line;
  }

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.#dots = new DotReader();
    return super.startDataMode(maxBytes);
  }

  protected override readMessage(chunk: Buffer, done: Done): void {
    const { content, rest } = this.#dots.feed(chunk);
    const { message } = this;
    this.countMessage(content.length);
    if (rest !== undefined) {
      this.endMessage(content, rest, done);
      return;
    }
    // The reader of the message sets the pace. Once the stream is destroyed nobody reads, and the rest of the message passes without waiting.
    if (message === null || content.length === 0 || !message.writable || message.write(content)) {
      done();
      return;
    }
    const resume = () => {
      message.off('drain', resume);
      message.off('close', resume);
      done();
    };
    message.on('drain', resume);
    message.on('close', resume);
  }

  /** A last line without CRLF was cut off, so it does not run. */
  protected override cutOff(): void {
    this.#held = NOTHING;
  }
}
