/** A hold as the command line reads it. */
import type { Hold } from '#store';
import type { HoldJson } from '../contract/queue-answers.js';

export const presentHold = ({ domain, destination, site, message, reason, at }: Hold): HoldJson => ({
  domain: domain ?? null,
  destination: destination ?? null,
  site: site ?? null,
  message: message ?? null,
  reason,
  at: new Date(at).toISOString(),
});
