/**
 * Finds the addresses of a host that the operator configured (a smarthost) by the rules of the system: hosts file, search domains, literals. Private
 * addresses are allowed here, and every failure is temporary because the operator can fix it.
 */
import { lookup } from 'node:dns/promises';
import type { AddressResult, HostAddress } from './resolve-host-addresses.js';

/** Gives IPv4 addresses first. */
export async function lookupSystemHost(host: string): Promise<AddressResult> {
  try {
    const found = await lookup(host, { all: true });
    const addresses = found.map(({ address, family }): HostAddress => ({ ip: address, family: family === 6 ? 6 : 4 }));
    return { kind: 'addresses', addresses: addresses.sort((one, other) => one.family - other.family), refused: [], authenticated: false };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return {
      kind: 'none',
      permanent: false,
      code: 451,
      enhancedCode: '4.4.3',
      text: `Address lookup of ${host} failed: ${reason}`,
      refused: [],
    };
  }
}
