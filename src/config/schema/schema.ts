/** The shape of the configuration file. Each message is the phrase that completes "expected …", so that every error says what would be valid. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDomain } from '#core';
import { TRANSPORT_TLS, TRANSPORT_WHEN } from './config.js';
import { isSection } from './defaults.js';
import { listenerText, parseHost, parseListener, parsePort, readCidr, readDnsServer } from './network-text.js';
import { parseSize } from './parse-size.js';
import { sourcesSchema } from './source-schema.js';

/** A value that `read` reads. If `read` gives undefined the error is "expected PHRASE". */
function parsed<T>(phrase: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `expected ${phrase}` });
    return z.NEVER;
  });
}

const text = (phrase: string) => parsed(phrase, (value) => (typeof value === 'string' && value.trim() !== '' ? value : undefined));

const hostname = parsed('a host name such as mail.example.com', (value) => (typeof value === 'string' ? parseDomain(value) : undefined));

const listener = parsed('"host:port" such as "127.0.0.1:2525" or "[::1]:2525", or a port number from 0 to 65535', parseListener);
const listeners = z.array(listener, { error: 'expected a list such as ["127.0.0.1:2525"]; [] for none' });

const section = 'expected a mapping of keys to values';

const listen = z.strictObject({ smtp: listeners, smtps: listeners, http: listeners }, { error: section }).superRefine((lists, context) => {
  const seen = new Map<string, string>();
  for (const [list, entries] of Object.entries(lists)) {
    for (const [index, entry] of entries.entries()) {
      const key = listenerText(entry);
      const first = seen.get(key);
      if (first !== undefined && entry.port !== 0) {
        context.addIssue({
          code: 'custom',
          path: [list, index],
          message: `is already taken by ${first}; expected a different port or address`,
        });
      }
      seen.set(key, first ?? `listen.${list}[${index}]`);
    }
  }
});

const pemFile = parsed('the path of a PEM file, or null', (value) =>
  value === null || (typeof value === 'string' && value.trim() !== '') ? value : undefined,
);
const tls = z.strictObject({ cert: pemFile, key: pemFile }, { error: section }).superRefine(({ cert, key }, context) => {
  if ((cert === null) === (key === null)) return;
  const [given, missing] = cert === null ? ['key', 'cert'] : ['cert', 'key'];
  context.addIssue({ code: 'custom', path: [missing], message: `expected a PEM file, because tls.${given} is set; give both or neither` });
});

const cidr = z.unknown().transform((value, context): string => {
  const reading = readCidr(value);
  if ('network' in reading) return reading.network;
  const message = {
    syntax: 'expected a network in CIDR notation such as 192.0.2.0/24 or 2001:db8::/32',
    everything: 'expected a network with a prefix of at least 1: this one would trust the whole internet',
    'host-bits': `expected a network without host bits${'suggestion' in reading ? `; did you mean ${reading.suggestion}?` : ''}`,
  }[reading.wrong];
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const port = parsed('a port number from 1 to 65535', (value) => (typeof value === 'number' ? parsePort(value, 1) : undefined));

const match = parsed('"*", a domain such as example.com, or *.example.com', (value) => {
  if (typeof value !== 'string') return undefined;
  if (value === '*') return value;
  const domain = parseDomain(value.replace(/^\*\./, ''));
  return domain === undefined ? undefined : value.startsWith('*.') ? `*.${domain}` : domain;
});

const transport = z
  .strictObject(
    {
      match,
      when: z.enum(TRANSPORT_WHEN, { error: `expected one of ${TRANSPORT_WHEN.join(', ')}` }).default('always'),
      provider: text('the name of a provider of the shaping').optional(),
      host: parsed('a host name or an IP address', parseHost),
      port: port.default(25),
      tls: z.enum(TRANSPORT_TLS, { error: `expected one of ${TRANSPORT_TLS.join(', ')}` }).default('may'),
      login: text('the login as text').optional(),
      password: text('the password as text (quote it when it looks like a number)').optional(),
    },
    { error: 'expected a mapping with match and host' },
  )
  .superRefine((entry, context) => {
    if (entry.provider !== undefined && entry.when !== 'fallback') {
      const message = 'expected nothing, unless when is fallback: whose a destination is shows only when its mail exchangers are known';
      context.addIssue({ code: 'custom', path: ['provider'], message });
    }
    if ((entry.login === undefined) !== (entry.password === undefined)) {
      const [given, missing] = entry.login === undefined ? ['password', 'login'] : ['login', 'password'];
      context.addIssue({ code: 'custom', path: [missing], message: `expected a value, because ${given} is set; give both or neither` });
    }
    if (entry.password !== undefined && (entry.tls === 'none' || entry.tls === 'may') && !isLoopback(entry.host)) {
      const message = 'expected require, verify or implicit: a password is only sent over TLS, except to this machine';
      context.addIssue({ code: 'custom', path: ['tls'], message });
    }
  });

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

const yesOrNo = z.boolean({ error: 'expected true or false' });
const countLimit = parsed('a whole number from 0, or null for no limit', (value) =>
  value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ? value : undefined,
);

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
const places = parsed('a whole number from 1, or auto', (value) => (value === 'auto' || isCount(value) ? value : undefined));

const ruleFile = z.strictObject(
  {
    file: parsed('the path of a YAML file, or null', (value) =>
      value === null || (typeof value === 'string' && value.trim() !== '') ? value : undefined,
    ),
  },
  { error: section },
);

/** The schema of the file's settings after they were laid over the defaults. */
export const settingsSchema = z.strictObject(
  {
    hostname,
    dataDir: text('the path of a folder'),
    listen,
    tls,
    trustedNetworks: z.array(cidr, { error: 'expected a list of networks such as ["192.0.2.0/24"]' }),
    dns: z.strictObject(
      {
        servers: z.array(parsed('an IP address with or without a port, such as 192.0.2.53 or 127.0.0.1:5353', readDnsServer), {
          error: 'expected a list such as ["192.0.2.53"]; [] for the resolvers of the system',
        }),
      },
      { error: section },
    ),
    delivery: z.strictObject(
      {
        port,
        sources: sourcesSchema,
        transports: z.array(transport, { error: 'expected a list of { match, host, … } entries' }),
        allowPrivateNetworks: yesOrNo,
        extraCa: pemFile,
        mtaStsPort: port,
      },
      { error: section },
    ),
    webhooks: z.strictObject({ allowPrivateNetworks: yesOrNo }, { error: section }),
    limits: z.strictObject(
      {
        unverifiedDomainPerDay: countLimit,
        queuedPerAccount: countLimit,
        queuedBytesPerAccount: parsed('a size such as "50 GB", or null for no limit', (value) =>
          value === null ? value : parseSize(value),
        ),
        apiRequestsPerMinute: countLimit,
        smtpConnections: places,
        httpConnections: places,
        connectionsPerAddress: parsed('a whole number from 1', (value) => (isCount(value) ? value : undefined)),
        tagsPerMessage: parsed('a whole number from 1 to 10', (value) =>
          typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 10 ? value : undefined,
        ),
        diskFloor: parsed('a size such as "500 MB", or auto', (value) => (value === 'auto' ? value : parseSize(value))),
      },
      { error: section },
    ),
    addresses: z.strictObject({ looseDots: yesOrNo }, { error: section }),
    shaping: ruleFile,
    bounceRules: ruleFile,
  },
  { error: section },
);

export type Settings = z.output<typeof settingsSchema>;

/** Lays the settings of a file over the defaults. A section that is empty (because its keys are commented out) gets all its defaults. */
export function overDefaults(defaults: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map<string, unknown>(Object.entries(defaults));
  for (const [key, value] of Object.entries(given)) {
    const fallback = merged.get(key);
    if (isSection(fallback) && value === null) continue;
    merged.set(key, isSection(fallback) && isSection(value) ? overDefaults(fallback, value) : value);
  }
  return Object.fromEntries(merged);
}
