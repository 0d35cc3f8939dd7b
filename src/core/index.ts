/**
 * The vocabulary every folder shares: no I/O, no state, no imports from other folders. `message.ts` opens with the glossary.
 * Addresses are normalised here and nowhere else; time and randomness come from here.
 */
export { type Address, domainOf, type LooseDots, needsSmtpUtf8, parseAddress, parseDomain, type ReversePath } from './address.js';
export {
  type Clock,
  isoDateWithoutZone,
  makeJumpDetector,
  makeSteadyClock,
  plainTime,
  rfc2822Date,
  type SteadyClock,
  systemClock,
} from './clock.js';
export { type ConcurrencyLimit, makeConcurrencyLimit } from './concurrency-limit.js';
export { DAY, HOUR, MINUTE, SECOND } from './duration.js';
export { badRequest, forbidden, notFound, Refusal, refusalFrom, StoreError, tooLarge } from './errors.js';
export { makeExpiringSet } from './expiring-set.js';
export { describeIdle, IDLE_OPTIONS, IDLE_PLACEHOLDER, IDLE_SETTINGS, type Idle } from './idle.js';
export {
  firstIdAt,
  type IdSource,
  MAX_NODES,
  makeEventId,
  makeIdSource,
  makeMessageId,
  makeStorageKey,
  randomHexId,
  randomJitter,
  randomPassword,
  randomToken,
  readStorageKey,
  recipientStorageKey,
  shuffle,
} from './ids.js';
export { type MemberShape, missingMembers, requireMembers } from './library-members.js';
export { type Installation, loadFailureText } from './load-failure.js';
export {
  type Attachment,
  type Body,
  bodySize,
  type ContentTraits,
  type Delivery,
  type DkimName,
  type FlowKey,
  type LastAttempt,
  type Merge,
  type Message,
  type MessageFacts,
  type MessageRecipient,
  type Priority,
  type SendOptions,
} from './message.js';
export type { ConnectionFacts, Outcome, Stage } from './outcome.js';
export { parseDate } from './parse-date.js';
export { isJsonObject, JsonProblem, parseClientJson, parseJson, parseJsonObject } from './parse-json.js';
export { cleanText, ownReply, parseSmtpReply, type SmtpReply } from './smtp-reply.js';
