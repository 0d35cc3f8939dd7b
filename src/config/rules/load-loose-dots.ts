/** Reads config/loose-dots.yaml: the domains whose local parts may have dots anywhere. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseDomain } from '#core';
import { readRuleFile } from './rule-file.js';

const SHIPPED = fileURLToPath(new URL('../../../config/loose-dots.yaml', import.meta.url));
const file = z.strictObject({ domains: z.array(z.string({ error: 'expected a domain name' })) });

/** Gives the domains if `isOn`, otherwise none. Throws ConfigError that names each entry that is no domain. */
export function loadLooseDots(isOn: boolean): ReadonlySet<string> {
  if (!isOn) return new Set();
  const { domains } = readRuleFile(SHIPPED, file, { '': ['domains'] }, (value) =>
    value.domains.flatMap((name, index) =>
      parseDomain(name) === name ? [] : [{ path: ['domains', index], message: `"${name}" is no domain name` }],
    ),
  );
  return new Set(domains);
}
