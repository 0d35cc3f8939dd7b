/**
 * Holds. A hold is a condition in memory and a row of its own in the spool: no queue row is written, however much it covers. A hold on an account, a
 * destination or a site keeps whole flows waiting; one that names a message or a sending domain defers rows as they are met.
 */
import type { Delivery, Message } from '#core';
import { EVERY_ACCOUNT, type Hold, type HoldFilter, type SpoolStore } from '#store';
import type { Flow } from './flows/flows.js';

export interface Holds {
  holdsFlow(flow: Flow): boolean;
  /** A hold that names its message covers the delivery. */
  holdsDelivery(delivery: Delivery): boolean;
  /** A hold that names the sending domain covers the delivery. */
  holdsMessage(delivery: Delivery, message: Message): boolean;
  /** The hold on a delivery, if any. */
  find(delivery: Delivery & { domain: string }, site: string | undefined): Hold | undefined;
  /** The holds on the account's mail, the operator's and its own; for EVERY_ACCOUNT, all holds. */
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

/** A destination with an MTA-STS policy is a site of its own, `NAME sts:DOMAIN`; a hold on the site `NAME` covers it too. */
export const isAtSite = (site: string | undefined, held: string) => site === held || site?.startsWith(`${held} `) === true;

/** Who made the hold: the account, which can release it, or the operator, whose hold the account cannot release. */
export const holderText = ({ isOperators }: HoldFilter): string => (isOperators ? 'Held by the operator' : 'Held by its own account');

export function makeHolds(
  spool: Pick<SpoolStore, 'holds' | 'putHold' | 'removeHolds'>,
  siteOf: (destination: string) => string | undefined,
): Holds {
  let all: Hold[] = [];
  // These are read for every message, and are nearly always empty.
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
