/** Checks, before anything is sent, that the providers which transports name are providers of the shaping. */

import { loadShaping } from './rules/load-shaping.js';
import type { LoadedConfig } from './schema/config.js';
import { ConfigError } from './yaml/problems.js';

/** Throws ConfigError that names each `provider` of `delivery.transports` that the shaping does not know, and any error of loadShaping. */
export function checkTransports({ config, file, origins }: LoadedConfig): void {
  const { transports } = config.delivery;
  if (transports.every(({ provider }) => provider === undefined)) return;
  const known = loadShaping(config.shaping.file).providers.map(({ name }) => name);
  const line = Number(/:(\d+)$/.exec(origins.get('delivery.transports') ?? '')?.[1]) || undefined;
  const problems = transports.flatMap(({ provider }, index) => {
    if (provider === undefined || known.includes(provider)) return [];
    const message = `"${provider}": expected the name of a provider of the shaping: ${known.join(', ')}`;
    return [{ key: `delivery.transports[${index}].provider`, message, line }];
  });
  if (problems.length > 0) throw new ConfigError(file ?? 'defaults', problems);
}
