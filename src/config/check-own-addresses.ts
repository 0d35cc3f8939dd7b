/** Checks, before anything is sent, that this machine has the addresses that mail should leave from. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { LoadedConfig } from './schema/config.js';
import { ConfigError, type ConfigProblem } from './yaml/problems.js';

/** Rejects with ConfigError that names each address of `delivery.sources` to which no socket can be bound. */
export async function checkOwnAddresses({ config, file, origins }: LoadedConfig): Promise<void> {
  const problems: ConfigProblem[] = [];
  const line = Number(/:(\d+)$/.exec(origins.get('delivery.sources') ?? '')?.[1]) || undefined;
  for (const [index, { ipv4, ipv6 }] of config.delivery.sources.entries()) {
    for (const [key, address] of Object.entries({ ipv4, ipv6 })) {
      const wrong = address === undefined ? undefined : await bindError(address);
      if (wrong !== undefined) problems.push({ key: `delivery.sources[${index}].${key}`, message: wrong, line });
    }
  }
  if (problems.length > 0) throw new ConfigError(file ?? 'defaults', problems);
}

async function bindError(address: string): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(0, address);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRNOTAVAIL')
      return `this machine does not have the address ${address}; give it to a network interface, or take it out`;
    return `nothing can be bound to ${address} (${code ?? (error as Error).message})`;
  } finally {
    server.close();
  }
}
