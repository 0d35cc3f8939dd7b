/** A log of transcripts in memory. */
import type { TranscriptLog } from '#events';
import type { StoredTranscript } from '#store';

export interface FakeTranscripts extends Pick<TranscriptLog, 'find'> {
  entries: StoredTranscript[];
}

export function makeFakeTranscripts(): FakeTranscripts {
  const fake: FakeTranscripts = {
    entries: [],
    find: async (query) =>
      fake.entries.filter(
        (entry) =>
          entry.account === query.account &&
          ('delivery' in query ? entry.delivery === query.delivery : entry.messageId === query.messageId),
      ),
  };
  return fake;
}
