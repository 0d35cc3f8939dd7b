/** Shows the effective configuration with the origin of each value, in the notation of the file and without secrets. */
import type { LoadedConfig, Origin, TransportConfig } from './schema/config.js';
import { KEY_PATHS } from './schema/defaults.js';
import { listenerText } from './schema/network-text.js';

export interface ExplainedValue {
  /** Key path such as `listen.smtp`. */
  key: string;
  /** In the notation of the file; a password is `(set)`. */
  value: unknown;
  origin: Origin;
}

/** One entry per key, in the order of the documentation. */
export function explainConfig({ config, origins }: LoadedConfig): ExplainedValue[] {
  const { listen, delivery } = config;
  const shown = {
    ...config,
    listen: { smtp: listen.smtp.map(listenerText), smtps: listen.smtps.map(listenerText), http: listen.http.map(listenerText) },
    delivery: { ...delivery, transports: delivery.transports.map(withoutSecrets) },
  };
  return KEY_PATHS.map((key) => ({ key, value: valueUnder(shown, key), origin: origins.get(key) ?? 'default' }));
}

function withoutSecrets(transport: TransportConfig): TransportConfig {
  return transport.password === undefined ? transport : { ...transport, password: '(set)' };
}

function valueUnder(settings: object, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], settings);
}
