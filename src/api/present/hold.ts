/** A hold as the command line reads it; `whose`: the public id of its account, where that is not plain. */
import type { Hold } from '#store';
import type { HoldJson } from '../contract/queue-answers.js';

export const presentHold = ({ isOperators, domain, destination, site, message, reason, at }: Hold, whose?: string): HoldJson => ({
  account: whose,
  by: isOperators ? 'operator' : 'account',
  domain: domain ?? null,
  destination: destination ?? null,
  site: site ?? null,
  message: message ?? null,
  reason,
  at: new Date(at).toISOString(),
});
