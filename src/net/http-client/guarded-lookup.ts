/**
 * The look-up function of a guarded socket. It asks our Dns once, and the socket gets only addresses that it may connect to. So it is no use to an
 * attacker if a name gives another answer the second time (DNS rebinding).
 */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dns } from '../dns/dns-answer.js';
import { resolveHostAddresses } from '../dns/resolve-host-addresses.js';
import { isAllowedAddress } from './url-guard.js';

/** `refused`: none of the name's addresses may be connected to. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  readonly kind: 'refused' | 'no-address' | 'dns-failed';

  constructor(kind: LookupError['kind'], text: string) {
    super(text);
    this.kind = kind;
  }
}

export interface GuardedLookupOptions {
  dns: Dns;
  allowPrivate: boolean;
  /** Whether this machine can reach IPv6 hosts. */
  ipv6: boolean;
}

/** Node does not call it for literal addresses: those are checked with the URL. */
export function makeGuardedLookup({ dns, allowPrivate, ipv6 }: GuardedLookupOptions): LookupFunction {
  async function resolve(host: string): Promise<LookupAddress[]> {
    // Names under localhost are never looked up in DNS (RFC 6761 6.3).
    if (allowPrivate && /(?:^|\.)localhost$/.test(host)) return [{ address: '127.0.0.1', family: 4 }];
    const found = await resolveHostAddresses(dns, host, { allowPrivate: true, ipv6 });
    if (found.kind === 'none') throw new LookupError(found.permanent ? 'no-address' : 'dns-failed', found.text);
    const allowed = found.addresses.filter(({ ip }) => isAllowedAddress(ip, allowPrivate));
    if (allowed.length === 0) throw new LookupError('refused', `${host} has no public address`);
    return allowed.map(({ ip, family }) => ({ address: ip, family }));
  }

  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true || first === undefined) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: LookupError) => callback(error, []),
    );
  };
}
