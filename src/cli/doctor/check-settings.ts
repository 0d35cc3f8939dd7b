/** Names the settings of domains that are kept and shown but have no effect yet, so that nobody relies on them. */
import { type Check, findings } from './finding.js';

/** How many domains are named one by one. */
const MAX_TOLD = 20;

export const checkSettings: Check = async ({ world }) => {
  const say = findings('settings');
  const idle = await world.idleSettings();
  if (idle === undefined) return [say.skip('no server runs here with this key, so the settings of its domains could not be looked at')];
  if (idle.length === 0) return [say.ok('every setting of every domain has effect')];
  const told = idle
    .slice(0, MAX_TOLD)
    .map(({ domain, settings }) => say.warn(`${domain}: ${settings.join(', ')} is kept and has no effect yet`, 'do not count on it'));
  const more = idle.length - told.length;
  return more === 0 ? told : [...told, say.warn(`${more} more domains have such settings`, 'ask for /mailwagon/v1/idle-settings')];
};
