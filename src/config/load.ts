/** Lays the configuration file over the defaults and checks the result as a whole. The only reader of the process's environment. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config, LoadedConfig, Origin } from './schema/config.js';
import { defaultSettings, isSection, KEY_PATHS } from './schema/defaults.js';
import { overDefaults, type Settings, settingsSchema } from './schema/schema.js';
import { ConfigError, problemsOf } from './yaml/problems.js';
import { parseYaml, readText } from './yaml/yaml-file.js';

/** The part of the process's environment that concerns Mailwagon. */
export interface Environment {
  /** MAILWAGON_CONFIG: the configuration file when `--config` is not given. */
  configFile?: string;
  /** MAILWAGON_API_URL and MAILWAGON_API_KEY: the server that administration commands talk to. */
  apiUrl?: string;
  apiKey?: string;
  /** NOTIFY_SOCKET: set by systemd for a service that reports its readiness (sd_notify(3)). */
  notifySocket?: string;
  /** MAILWAGON_TEST_STANDSTILL_MS and MAILWAGON_TEST_REST_MS: shorter times for tests, which would otherwise wait half a minute. */
  testing?: { standstillMs?: number; trialAfterMs?: number };
  /** NO_COLOR is set and not empty, or TERM is dumb. */
  noColor: boolean;
}

/** Reads the environment; an empty variable counts as absent. */
export function readEnvironment(): Environment {
  const { MAILWAGON_CONFIG, MAILWAGON_API_URL, MAILWAGON_API_KEY, NOTIFY_SOCKET, NO_COLOR, TERM } = process.env;
  const { MAILWAGON_TEST_STANDSTILL_MS: standstill, MAILWAGON_TEST_REST_MS: trialAfter } = process.env;
  return {
    configFile: MAILWAGON_CONFIG || undefined,
    apiUrl: MAILWAGON_API_URL || undefined,
    apiKey: MAILWAGON_API_KEY || undefined,
    notifySocket: NOTIFY_SOCKET || undefined,
    testing: { ...(standstill ? { standstillMs: Number(standstill) } : {}), ...(trialAfter ? { trialAfterMs: Number(trialAfter) } : {}) },
    noColor: Boolean(NO_COLOR) || TERM === 'dumb',
  };
}

const USUAL_FILES = ['mailwagon.yaml', '/etc/mailwagon/mailwagon.yaml'];

/**
 * Loads `file`, else the file the environment names, else `./mailwagon.yaml`, else `/etc/mailwagon/mailwagon.yaml`, else all defaults.
 * Relative paths in a file are relative to its folder. Throws ConfigError with every problem. Reads no other file.
 */
export function loadConfig(options: { file?: string; env: Environment }): LoadedConfig {
  const named = options.file ?? options.env.configFile ?? USUAL_FILES.find((path) => existsSync(path));
  if (named === undefined) {
    const settings = settingsSchema.parse(defaultSettings());
    return { config: configOf(settings, () => process.cwd()), origins: new Map(KEY_PATHS.map((key) => [key, 'default'])) };
  }
  return parseConfig(readText(named), resolve(named));
}

/** Loads a configuration from a text. `file` (absolute) is the name in errors and origins, and its folder is where relative paths begin. */
function parseConfig(text: string, file: string): LoadedConfig {
  const { value, has, lineOf } = parseYaml(text, file);
  const given = value ?? {};
  if (!isSection(given))
    throw new ConfigError(file, [{ key: '', message: 'expected keys and values, such as "hostname: mail.example.com"' }]);

  const settings = overDefaults(defaultSettings(), given);
  const checked = settingsSchema.safeParse(settings);
  if (!checked.success) throw new ConfigError(file, problemsOf(checked.error, settings, lineOf));

  const origins = new Map<string, Origin>(
    KEY_PATHS.map((key) => [key, has(key.split('.')) ? `${file}:${lineOf(key.split('.')) ?? 1}` : 'default']),
  );
  const baseOf = (key: string) => (origins.get(key) === 'default' ? process.cwd() : dirname(file));
  return { config: configOf(checked.data, baseOf), origins, file };
}

function configOf(settings: Settings, baseOf: (key: string) => string): Config {
  const absolute = (key: string, path: string | null) => (path === null ? null : resolve(baseOf(key), path));
  return {
    ...settings,
    dataDir: resolve(baseOf('dataDir'), settings.dataDir),
    tls: { cert: absolute('tls.cert', settings.tls.cert), key: absolute('tls.key', settings.tls.key) },
    delivery: { ...settings.delivery, extraCa: absolute('delivery.extraCa', settings.delivery.extraCa) },
    shaping: { file: absolute('shaping.file', settings.shaping.file) },
    bounceRules: { file: absolute('bounceRules.file', settings.bounceRules.file) },
  };
}
