/**
 * Recognises our own Received fields: each carries a mark that only this server can make, so that a message that keeps coming back is noticed,
 * under any host name and address. A mark holds no information for others, and a sender who copies one can only stop messages of their own.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface OwnTrace {
  /** The `id` of a Received field, marked. */
  mark(id: string): string;
  /** How often a message with these Received fields passed here. */
  passes(received: readonly string[]): number;
}

const MARKED = /\bid ([0-9A-Z]{1,20})-([0-9a-f]{16})\b/;

/** `serverKey`: this server's secret, which stays the same over restarts. */
export function makeOwnTrace(serverKey: Uint8Array): OwnTrace {
  const key = createHmac('sha256', serverKey).update('received fields').digest();
  const macOf = (id: string) => createHmac('sha256', key).update(id).digest('hex').slice(0, 16);
  const isOurs = (id: string, mac: string) => timingSafeEqual(Buffer.from(macOf(id)), Buffer.from(mac));
  return {
    mark: (id) => `${id}-${macOf(id)}`,
    passes(received) {
      const ids = new Set<string>();
      for (const value of received) {
        const [, id = '', mac = ''] = MARKED.exec(value) ?? [];
        // A field that is there twice counts once.
        if (id !== '' && !ids.has(id) && isOurs(id, mac)) ids.add(id);
      }
      return ids.size;
    },
  };
}
