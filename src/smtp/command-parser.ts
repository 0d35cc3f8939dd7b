/**
 * Splits commands at CRLF and, for clients that are trusted with it, at a bare LF. The library's parser takes that from everybody and runs a last
 * line without a line end; both make two servers see different commands in the same bytes. Message data goes through the DotReader, which ends it
 * at CRLF.CRLF alone, whoever sends it.
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

  /** `onBareLineFeed` is asked when a line ends in LF without CR: it takes it for a line end, or closes the connection. */
  constructor(options: { maxCommandLength: number; onBareLineFeed: () => 'take' | 'closed' }) {
    super({ maxCommandLength: options.maxCommandLength });
    this.#onBareLineFeed = options.onBareLineFeed;
  }

  /** While a command runs: the client sent more behind it in the same segment. */
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
    // Handlers that answer at once call back before they return: loop then, so that a long pipeline does not grow the stack.
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

  /** The next line without its line end; otherwise undefined, and `done` was called or never will be. */
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
    // Who reads the message sets the pace; one that was destroyed reads no more, and the rest runs through to its end.
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

  /** A last line without its CRLF was cut off, not sent: it does not run. */
  protected override cutOff(): void {
    this.#held = NOTHING;
  }
}
