/** The shape of `delivery.sources`: addresses of this machine that mail leaves from, each named once. */
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseDomain } from '#core';
import { SOURCE_KEYS } from './defaults.js';

const NOT_ONE_ADDRESS = /^(?:0\.0\.0\.0|::|255\.255\.255\.255|(?:22[4-9]|23\d)\..*|ff.*)$/i;

/** The short form of an IPv6 address (RFC 5952), which the system uses too, so that addresses can be compared. */
const canonical = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1);

const read = (phrase: string, reading: (value: string) => string | undefined) =>
  z.unknown().transform((value, context): string => {
    const result = typeof value === 'string' ? reading(value.trim()) : undefined;
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `expected ${phrase}` });
    return z.NEVER;
  });

const isOne = (address: string) => !NOT_ONE_ADDRESS.test(address);

const source = z
  .strictObject(
    {
      ipv4: read('an IPv4 address of this machine such as 192.0.2.10', (value) =>
        isIPv4(value) && isOne(value) ? value : undefined,
      ).optional(),
      ipv6: read('an IPv6 address of this machine such as "2001:db8::10", without a zone', (value) =>
        isIPv6(value) && !value.includes('%') && isOne(canonical(value)) ? canonical(value) : undefined,
      ).optional(),
      ehlo: read('a host name such as mta1.example.com', parseDomain).optional(),
    },
    { error: `expected a mapping with ${SOURCE_KEYS.join(', ')}` },
  )
  .superRefine(({ ipv4, ipv6 }, context) => {
    if (ipv4 !== undefined || ipv6 !== undefined) return;
    context.addIssue({ code: 'custom', message: 'expected ipv4, ipv6 or both' });
  });

/** Gives the entries with their addresses in the short form. An address may belong to one source only, because a source is known by it. */
export const sourcesSchema = z
  .array(source, { error: 'expected a list of { ipv4, ipv6, ehlo } entries; [] to let the system choose the address' })
  .superRefine((sources, context) => {
    const seen = new Map<string, number>();
    for (const [index, { ipv4, ipv6 }] of sources.entries()) {
      for (const [key, address] of Object.entries({ ipv4, ipv6 })) {
        if (address === undefined) continue;
        const first = seen.get(address);
        if (first !== undefined) {
          const message = `is already the address of delivery.sources[${first}]; expected each address once`;
          context.addIssue({ code: 'custom', path: [index, key], message });
        } else seen.set(address, index);
      }
    }
  });
