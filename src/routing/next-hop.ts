/** A host that mail for a destination may be given to. */
import type { AddressResult, DaneResult } from '#net';

/** Its addresses are looked up when its turn comes. */
export interface NextHop {
  name: string;
  port: number;
  /** Lower is better; hosts of the same preference are as good as each other. */
  preference: number;
  addresses: () => Promise<AddressResult>;
  /** Which certificates DNSSEC allows the host at these addresses to show. */
  dane: (addresses: AddressResult) => Promise<DaneResult>;
}
