/** Reads a size of the configuration file: a number of bytes, or a text with a unit such as `50 GB` or `512 MiB`. */
const UNITS: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Gives bytes, or undefined if the value is no size. */
export function parseSize(value: unknown): number | undefined {
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(value) : null;
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  const bytes = typeof value === 'number' ? value : match === null || unit === undefined ? Number.NaN : Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}
