/**
 * From bytes at a door to a committed message. accept() resolves when the message is durable, with its Message-ID; it throws Refusal (bad input,
 * not allowed, too large) or StoreError and has kept nothing then. `pipeline.ts` lists the steps every message goes through.
 */
export { type IntakeDeps, makeIntake } from './accept.js';
export { parseRecipientVariables, type RecipientVariables } from './batch/recipient-variables.js';
export { type DailyUsage, makeDailyUsage } from './daily-usage.js';
export { addIntakeMetrics, countAccepted } from './metrics.js';
export { idleOptionsOf } from './options/idle-options.js';
export { parseUrl } from './options/option-values.js';
export { type Asked, optionOfParameter, readOption } from './options/read-option.js';
export { checkVariableName, parseVariables } from './options/read-variables.js';
export type { RequestedOptions } from './options/requested-options.js';
export { makePreferredSendTime, type PreferredSendTime, type RecipientHabits, type SendWindow } from './preferred-send-time.js';
export type { PressureLimits } from './pressure/decide-pressure.js';
export { makePressure, type Pressure, type PressureDeps, type PressureState } from './pressure/pressure.js';
export { readMemory } from './pressure/read-memory.js';
export { makeResend, type Resend, type ResendRequest } from './resend.js';
export type { Accepted, Intake, Once, Submission } from './submission.js';
export type { TemplateRequest } from './template/template-request.js';
