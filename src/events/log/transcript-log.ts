/**
 * Transcripts: what was said to peers in the attempts that went wrong, for the operator. Noting costs a push and never waits: rows are written many at
 * a time, and when too many wait they are dropped (and counted), because mail goes first.
 */
import type { Logger } from 'pino';
import type { EventStore, StoredTranscript, TranscriptQuery } from '#store';

export interface TranscriptLog {
  /** Keeps the transcript if there is room. Never throws, never waits. */
  note(entry: StoredTranscript): void;
  /** Transcripts that are written and that wait to be written, by delivery, in the order of their attempts. */
  find(query: TranscriptQuery): Promise<StoredTranscript[]>;
  /** How many were dropped since the start. */
  dropped(): number;
  /** Writes what waits; later notes are dropped. */
  stop(): Promise<void>;
}

const FLUSH_MS = 1000;
const FLUSH_AT = 250;
/** About 10 MB at their usual length. */
const MAX_WAITING = 5000;
/** Characters of one transcript: an attempt may have talked to many hosts. */
const MAX_TEXT = 4096;

export function makeTranscriptLog(deps: { store: Pick<EventStore, 'appendTranscripts' | 'transcripts'>; logger: Logger }): TranscriptLog {
  const { store, logger } = deps;
  let waiting: StoredTranscript[] = [];
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let dropped = 0;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const part = waiting.slice(0, FLUSH_AT);
      try {
        await store.appendTranscripts(part);
      } catch (err) {
        dropped += part.length;
        logger.warn({ err, dropped: part.length }, 'conversations with peers could not be written');
      }
      waiting = waiting.slice(part.length);
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= write().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  return {
    note(entry) {
      if (isStopped || waiting.length >= MAX_WAITING) {
        dropped++;
        return;
      }
      waiting.push({ ...entry, text: bounded(entry.text) });
      if (waiting.length >= FLUSH_AT) void flush();
      else timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    async find(query) {
      await flush();
      return store.transcripts(query);
    },
    dropped: () => dropped,
    async stop() {
      isStopped = true;
      await flush();
    },
  };
}

/** Cuts out the middle: the end says why the attempt ended. */
function bounded(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const half = MAX_TEXT / 2 - 8;
  return `${text.slice(0, half)}\n* …\n${text.slice(-half)}`;
}
