/**
 * What happened: a closed, typed list of events, one place that builds them, a pump that hands committed events from the outbox to its readers,
 * and the log that is one of those readers. Events are committed with what they tell of, so none is lost and none tells of what did not happen.
 */
export { type EventLog, makeEventLog, makeEventLogReader } from './log/event-log.js';
export { makeTranscriptLog, type TranscriptLog } from './log/transcript-log.js';
export { addEventMetrics, countAttempts } from './metrics.js';
export { makeOutboxPump, type OutboxPump, type OutboxReader } from './outbox/outbox-reader.js';
export { EVENT_NAMES } from './record/event-types.js';
export { makeRecipientFacts } from './record/recipient-facts.js';
export { recipientProvider } from './record/recipient-provider.js';
export { makeRecorder, type Recorder } from './record/record.js';
export { shownVariables } from './record/shown-variables.js';
