/**
 * From bytes of a client (SMTP or HTTP) to a committed message. accept() resolves when the message is durable, with its Message-ID; it throws Refusal (bad input,
 * not allowed, too large) or StoreError and has kept nothing then. `pipeline.ts` lists the steps every message goes through.
 */
export { type IntakeDeps, makeIntake } from './accept.js';
export { parseRecipientVariables, type RecipientVariables } from './batch/recipient-variables.js';
export { makeDailyUsage } from './draft/daily-usage.js';
export { makePreferredSendTime, type SendWindow } from './draft/preferred-send-time.js';
export type { Accepted, Intake, Once, Submission } from './draft/submission.js';
export { addIntakeMetrics, countAccepted } from './metrics.js';
export { idleOptionsOf } from './options/idle-options.js';
export { parseUrl } from './options/option-values.js';
export { type Asked, optionOfParameter, readOption } from './options/read-option.js';
export { checkVariableName, parseVariables } from './options/read-variables.js';
export { makePressure, type Pressure, type PressureDeps, readMemory } from './pressure/pressure.js';
export { makeResend, type Resend } from './resend.js';
export type { TemplateRequest } from './template/template-request.js';
