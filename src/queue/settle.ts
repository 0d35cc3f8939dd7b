/** Settles rows of the spool as their owner: whoever says how deliveries end or go on does it through this. */
import type { Lease, Settlement, SpoolStore } from '#store';

/** True per settlement that found its row. Throws StoreError; `superseded`: another process owns the deliveries now. */
export type SettleRows = (settlements: Settlement[]) => Promise<boolean[]>;

/** The lease is asked for once, and named with every settlement from then on. */
export function makeSettleRows(spool: Pick<SpoolStore, 'lease' | 'settle'>): SettleRows {
  let lease: Lease | undefined;
  return async (settlements) => {
    lease ??= await spool.lease();
    return spool.settle(lease, settlements);
  };
}
