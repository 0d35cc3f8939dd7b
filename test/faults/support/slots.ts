/** What the server says of attempts and connections that are still under way, and the wait for their end. */
import { parsePrometheus, sampleOf } from '../../support/prometheus-text.js';
import { waitFor } from '../../support/wait-for.mjs';

export interface Slots {
  attempts: number;
  busy: number;
  idle: number;
}

export async function slotsOf(url: string): Promise<Slots> {
  const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text());
  const connections = (state: string) => sampleOf(families, 'mailwagon_delivery_connections', { state }) ?? Number.NaN;
  return {
    attempts: sampleOf(families, 'mailwagon_delivery_attempts_running', {}) ?? Number.NaN,
    busy: connections('busy'),
    idle: connections('idle'),
  };
}

/** Throws when something is still held after `timeoutMs`. */
export async function waitForFreeSlots(url: string, timeoutMs: number): Promise<void> {
  let last: Slots | undefined;
  const areFree = async () => {
    last = await slotsOf(url);
    return last.attempts === 0 && last.busy === 0 && last.idle === 0;
  };
  await waitFor(areFree, { timeoutMs, intervalMs: 200, what: 'free slots' }).catch((error) => {
    throw new Error(`${error.message}; there are ${JSON.stringify(last)}`);
  });
}
