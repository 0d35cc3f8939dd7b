/** Reads config/loose-dots.yaml: whose local parts may have dots anywhere. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseDomain } from '#core';
import { readRuleFile } from './rule-file.js';

const SHIPPED = fileURLToPath(new URL('../../../config/loose-dots.yaml', import.meta.url));
const file = z.strictObject({ domains: z.array(z.string({ error: 'expected a domain name' })) });

/** The domains when `isOn`, otherwise none. Throws ConfigError that names what is no domain. */
export function loadLooseDots(isOn: boolean): ReadonlySet<string> {
  if (!isOn) return new Set();
  const { domains } = readRuleFile(SHIPPED, file, { '': ['domains'] }, (value) =>
    value.domains.flatMap((name, index) =>
      parseDomain(name) === name ? [] : [{ path: ['domains', index], message: `"${name}" is no domain name` }],
    ),
  );
  return new Set(domains);
}
