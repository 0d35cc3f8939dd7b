/**
 * The configuration, and the rules about other servers' replies.
 *
 * - `loadConfig` takes a file (or finds one), lays it over the defaults and gives a complete and valid `Config`. Otherwise it throws ConfigError, which lists
 *   every problem with its key path, its value and what would be valid, and never a secret.
 * - `checkTlsFiles`, `checkOwnAddresses` and `checkTransports` throw ConfigError for certificate files, source addresses and transports that cannot be used.
 *   They are called before the server listens and sends.
 * - `loadBounceRules` and `loadShaping` give the rules, checked like the configuration.
 * - Only `readEnvironment` reads the environment.
 */

export { checkOwnAddresses } from './check-own-addresses.js';
export { checkTlsFiles } from './check-tls-files.js';
export { checkTransports } from './check-transports.js';
export { type ExplainedValue, explainConfig } from './explain.js';
export { type Environment, loadConfig, readEnvironment } from './load.js';
export { packageVersion } from './package-version.js';
export {
  BOUNCE_CATEGORIES,
  type BounceAction,
  type BounceCategory,
  type BounceReason,
  type CategoryDefaults,
  type Criticality,
  type Scope,
  SUPPRESSING_CATEGORIES,
} from './rules/bounce-categories.js';
export { type BounceRule, type BounceRules, type BounceSite, loadBounceRules } from './rules/load-bounce-rules.js';
export { loadLooseDots } from './rules/load-loose-dots.js';
export {
  loadShaping,
  type Rate,
  type ResponseRule,
  type ShapingChange,
  type ShapingLimits,
  type ShapingRules,
  type ShapingScope,
} from './rules/load-shaping.js';
export type { ReplyCondition } from './rules/reply-condition.js';
export type { Config, Listener, LoadedConfig, Origin, SourceConfig, TransportConfig, TransportTls } from './schema/config.js';
export { listenerText } from './schema/network-text.js';
export { ConfigError, type ConfigProblem } from './yaml/problems.js';
