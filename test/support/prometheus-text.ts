/** A strict reader of Prometheus' text format 0.0.4: throws at the first thing a scraper could stumble over. */

export interface Family {
  type: string;
  help: string;
  /** Label text as it stands in the line (`{a="b"}`, without `le`), and what was said of it. */
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;

export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line end');
  const families = new Map<string, Family>();
  let current: { name: string; family: Family } | undefined;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      current = { name, family: { type: '', help: rest, samples: [] } };
      families.set(name, current.family);
    } else if (word === 'TYPE') {
      if (current?.name !== name || current.family.type !== '') throw new Error(`TYPE of ${name} is out of place`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`${name} is a ${rest}`);
      current.family.type = rest;
    } else {
      const sample = parseSample(line);
      if (seen.has(line.slice(0, line.lastIndexOf(' ')))) throw new Error(`twice: ${line}`);
      seen.add(line.slice(0, line.lastIndexOf(' ')));
      if (current === undefined || !belongs(sample.name, current.name, current.family.type)) throw new Error(`out of place: ${line}`);
      current.family.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

const belongs = (sample: string, family: string, type: string) =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'].some((end) => sample === family + end) : sample === family;

function parseSample(line: string): Family['samples'][number] {
  const [, name = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  if (Number.isNaN(value)) throw new Error(`not a number: ${line}`);
  const labels: Record<string, string> = {};
  let rest = labelText;
  while (rest !== '') {
    const [whole, label, escaped] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/.exec(rest) ?? [];
    if (whole === undefined || label === undefined || label in labels) throw new Error(`bad labels: ${line}`);
    labels[label] = (escaped ?? '').replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value };
}

/** Buckets rise to +Inf, which is the count. */
function checkHistogram(name: string, { samples }: Family): void {
  const keyOf = ({ le: _le, ...labels }: Record<string, string>) => JSON.stringify(labels);
  for (const key of new Set(samples.map(({ labels }) => keyOf(labels)))) {
    const own = samples.filter(({ labels }) => keyOf(labels) === key);
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    const rises = (numbers: number[], strictly: boolean) =>
      numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? 0) || (!strictly && value === numbers[index - 1]));
    if (!rises(bounds, true) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: bounds of buckets`);
    if (
      !rises(
        buckets.map(({ value }) => value),
        false,
      )
    )
      throw new Error(`${name}: buckets are not cumulative`);
    const count = own.find((sample) => sample.name === `${name}_count`)?.value;
    if (count !== buckets.at(-1)?.value || !own.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: count and sum`);
  }
}

/** The value of one series; undefined when it is not there. */
export function sampleOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number | undefined {
  for (const { samples } of families.values()) {
    const found = samples.find(
      (sample) =>
        sample.name === name &&
        Object.keys(sample.labels).length === Object.keys(labels).length &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    if (found !== undefined) return found.value;
  }
  return undefined;
}
