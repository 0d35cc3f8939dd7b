/**
 * What the operator holds back. A hold is a condition in memory and a row of its own in the spool: no queue row is written, whatever it covers.
 * A hold on an account, a destination or a site keeps whole flows waiting; one that names a message or a sending domain sets aside rows as they
 * are met.
 */
import type { Delivery, Message } from '#core';
import { EVERY_ACCOUNT, type Hold, type HoldFilter, type SpoolStore } from '#store';
import type { Flow } from './flows/flows.js';

export interface Holds {
  holdsFlow(flow: Flow): boolean;
  /** By a hold that names its message. */
  holdsDelivery(delivery: Delivery): boolean;
  /** By a hold that names the sending domain. */
  holdsMessage(delivery: Delivery, message: Message): boolean;
  /** The hold on a delivery, if any. */
  find(delivery: Delivery & { domain: string }, site: string | undefined): Hold | undefined;
  /** Those that are for the account's mail, whoever made them; of EVERY_ACCOUNT: all there are. */
  list(account: number): Hold[];
  load(): Promise<void>;
  /** Durable when it resolves. */
  add(hold: Omit<Hold, 'id'>): Promise<Hold>;
  remove(filter: HoldFilter): Promise<Hold[]>;
}

const OTHERS = ['domain', 'destination', 'message'] as const;
const FIELDS = [...OTHERS, 'site'] as const;
const ofFlow = (hold: HoldFilter) => hold.domain === undefined && hold.message === undefined;
const isOf = (hold: HoldFilter, account: number) => hold.account === EVERY_ACCOUNT || hold.account === account;
const same = (one: HoldFilter, other: HoldFilter) =>
  one.account === other.account &&
  (one.isOperators ?? false) === (other.isOperators ?? false) &&
  FIELDS.every((field) => one[field] === other[field]);

/** Every field that the hold names must fit. */
function fits(hold: Hold, { account, destination, site, domain, message }: HoldFilter): boolean {
  const given = { destination, domain, message };
  const isThere = hold.site === undefined || isAtSite(site, hold.site);
  return isThere && isOf(hold, account) && OTHERS.every((field) => hold[field] === undefined || hold[field] === given[field]);
}

/** A destination with a policy of its own is a site of its own, `NAME sts:DOMAIN`; a hold on the servers of that name is for it too. */
export const isAtSite = (site: string | undefined, held: string) => site === held || site?.startsWith(`${held} `) === true;

/** Whose hold it is: an account's own, which it can release, or the operator's over its head. */
export const holderText = ({ isOperators }: HoldFilter): string => (isOperators ? 'Held by the operator' : 'Held by its own account');

export function makeHolds(
  spool: Pick<SpoolStore, 'holds' | 'putHold' | 'removeHolds'>,
  siteOf: (destination: string) => string | undefined,
): Holds {
  let all: Hold[] = [];
  // Looked at for every message: most of the time there is nothing to look at.
  let flowHolds: Hold[] = [];
  let messageHolds: Hold[] = [];
  let domainHolds: Hold[] = [];

  function keep(holds: Hold[]): void {
    all = holds;
    flowHolds = holds.filter(ofFlow);
    messageHolds = holds.filter(({ message, domain }) => message !== undefined && domain === undefined);
    domainHolds = holds.filter(({ domain }) => domain !== undefined);
  }

  const factsOf = ({ account, destinationName, message }: Delivery, domain?: string): HoldFilter => ({
    account,
    destination: destinationName,
    site: siteOf(destinationName),
    message,
    domain,
  });

  return {
    holdsFlow({ account, home: { name, site } }) {
      return flowHolds.length > 0 && flowHolds.some((hold) => fits(hold, { account, destination: name, site: site?.name }));
    },
    holdsDelivery: (delivery) => messageHolds.length > 0 && messageHolds.some((hold) => fits(hold, factsOf(delivery))),
    holdsMessage: (delivery, { domain }) => domainHolds.length > 0 && domainHolds.some((hold) => fits(hold, factsOf(delivery, domain))),
    find: (delivery, site) => all.find((hold) => fits(hold, { ...factsOf(delivery, delivery.domain), site })),
    list: (account) => all.filter((hold) => account === EVERY_ACCOUNT || isOf(hold, account)),
    async load() {
      keep(await spool.holds());
    },
    async add(hold) {
      const known = all.find((other) => same(hold, other));
      if (known !== undefined) return known;
      const added = { ...hold, id: await spool.putHold(hold) };
      keep([...all, added]);
      return added;
    },
    async remove(filter) {
      const removed = all.filter((hold) => same(hold, filter));
      await spool.removeHolds(removed.map(({ id }) => id));
      keep(all.filter((hold) => !removed.includes(hold)));
      return removed;
    },
  };
}
