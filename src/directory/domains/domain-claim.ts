/** Decides who may host a name below somebody else's domain: only an account that can write into the DNS of that name. */
import { createHmac } from 'node:crypto';
import { badRequest } from '#core';
import type { Dns } from '#net';
import type { DomainRecord } from '#store';

export interface DomainClaim {
  /**
   * Refusal 400 when the nearest hosted domain above `name` (normalised) is another account's and DNS does not show the account's own token; the text
   * names the record to publish.
   */
  check(account: number, name: string): Promise<void>;
}

export function makeDomainClaim(deps: {
  nearest(name: string): Promise<DomainRecord | undefined>;
  dns: Dns;
  serverKey: Uint8Array;
}): DomainClaim {
  const { nearest, dns, serverKey } = deps;

  return {
    async check(account, name) {
      const above = await nearest(name);
      if (above === undefined || above.account === account) return;
      const token = createHmac('sha256', serverKey).update(`domain claim\0${account}\0${name}`).digest('hex').slice(0, 40);
      const [record, value] = [`_mailwagon-challenge.${name}`, `mailwagon-domain-verification=${token}`];
      const answer = await dns.query(record, 'TXT');
      if (answer.kind === 'records' && answer.records.includes(value)) return;
      const why = answer.kind === 'failed' ? 'DNS did not answer just now' : 'DNS does not show it yet';
      throw badRequest(
        `Domain ${name} is below a domain of another account: to show that it is yours, publish the TXT record ${record} with the value "${value}", and try again in a few minutes (${why})`,
      );
    },
  };
}
