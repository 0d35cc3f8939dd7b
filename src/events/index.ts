/**
 * What happened: a closed, typed list of events, one place that builds them, a pump that hands committed events from the outbox to its readers,
 * and the log that is one of those readers. Events are committed with what they tell of, so none is lost and none tells of what did not happen.
 */
export { type ConversationLog, makeConversationLog } from './conversation-log.js';
export { type EventLog, makeEventLog, makeEventLogReader } from './event-log.js';
export { EVENT_NAMES, type EventName, type RecordedEvent, type Severity } from './event-types.js';
export { addEventMetrics, countAttempts } from './metrics.js';
export { makeOutboxPump, type OutboxPump, type OutboxReader } from './outbox-reader.js';
export { makeRecipientFacts } from './recipient-facts.js';
export { recipientProvider } from './recipient-provider.js';
export { type AttemptRecord, makeRecorder, type Recorder, type Rejection } from './record.js';
export { shownVariables } from './shown-variables.js';
