/** Keeps the families of one server, and writes their text when somebody asks for it. */
import { type FamilyHead, renderHistograms, renderNumbers, type Series } from './exposition.js';
import { type Histogram, type HistogramSnapshot, makeHistogram } from './histogram.js';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Counter {
  add(amount?: number): void;
}

interface Named {
  /** `mailwagon_…`, with its unit, and `_total` for counters. */
  name: string;
  help: string;
}

interface Labelled extends Named {
  labels: readonly string[];
}

export interface CounterFamily {
  /** The counter of these label values, in the order of the names; `other` for all once there are too many. */
  with(...values: string[]): Counter;
  /** Sets all series, for numbers that are counted elsewhere. */
  replace(series: readonly Series<number>[]): void;
}

export interface GaugeFamily {
  replace(series: readonly Series<number>[]): void;
  /** The only series of a gauge without labels. */
  set(value: number): void;
}

export interface HistogramFamily {
  replace(series: readonly Series<HistogramSnapshot>[]): void;
}

export interface Registry {
  /** All of these are called at start, and throw for a name that is malformed or taken. */
  counter(family: Named): Counter;
  counters(family: Labelled): CounterFamily;
  gauge(family: Named & { labels?: readonly string[] }): GaugeFamily;
  histogram(family: Named & { bounds: readonly number[] }): Histogram;
  /** A family whose histograms are measured elsewhere. */
  histograms(family: Labelled): HistogramFamily;
  /** `read` is called before each `render`, to bring these families up to date. If it rejects they are empty in the text. */
  collect(name: string, families: readonly { replace(series: readonly never[]): void }[], read: () => Promise<void> | void): void;
  /** The text for Prometheus. Calls at the same time share one text. */
  render(): Promise<string>;
}

const MAX_SERIES = 300;
const NAME = /^[a-z][a-z0-9_]*$/;

export function makeRegistry(): Registry {
  const renderers = new Map<string, () => string>();
  const collectors: { name: string; families: readonly { replace(series: readonly never[]): void }[]; read: () => Promise<void> | void }[] =
    [];
  let rendering: Promise<string> | undefined;

  function add(head: FamilyHead, text: () => string): void {
    if (!NAME.test(head.name) || head.labelNames.some((label) => !NAME.test(label) || label === 'le')) {
      throw new Error(`${head.name}: names of metrics and labels are lower-case words`);
    }
    if (renderers.has(head.name)) throw new Error(`${head.name} is there already`);
    renderers.set(head.name, text);
  }

  function numbers(type: 'counter' | 'gauge', { name, help, labels = [] }: Named & { labels?: readonly string[] }) {
    const head: FamilyHead = { name, help, type, labelNames: labels };
    const series = new Map<string, Series<number> & Counter>();
    add(head, () => renderNumbers(head, series.values()));
    const find = (values: readonly string[]): Series<number> & Counter => {
      const key = values.length === 1 ? (values[0] as string) : values.join('\n');
      const known = series.get(key);
      if (known !== undefined) return known;
      if (series.size >= MAX_SERIES && !values.every((value) => value === OTHER)) return find(labels.map(() => OTHER));
      const made = {
        labels: [...values],
        value: 0,
        add(amount = 1) {
          made.value += amount;
        },
      };
      series.set(key, made);
      return made;
    };
    const replace = (all: readonly Series<number>[]) => {
      series.clear();
      for (const one of all) find(one.labels).value = one.value;
    };
    return { find, replace };
  }

  function counters(family: Labelled): CounterFamily {
    const { find, replace } = numbers('counter', family);
    return {
      replace,
      with: (...values) => find(values),
    };
  }

  const errors = counters({ name: 'mailwagon_collect_errors_total', help: 'Times a source of metrics failed.', labels: ['source'] });

  async function renderNow(): Promise<string> {
    await Promise.all(
      collectors.map(async ({ name, families, read }) => {
        try {
          await read();
        } catch {
          errors.with(name).add();
          for (const family of families) family.replace([]);
        }
      }),
    );
    return [...renderers.values()].map((text) => text()).join('');
  }

  return {
    counter: (family) => numbers('counter', family).find([]),
    counters,
    gauge(family) {
      const { find, replace } = numbers('gauge', family);
      return {
        replace,
        set(value) {
          find([]).value = value;
        },
      };
    },
    histogram({ name, help, bounds }) {
      const histogram = makeHistogram(bounds);
      const head: FamilyHead = { name, help, type: 'histogram', labelNames: [] };
      add(head, () => renderHistograms(head, [{ labels: [], value: histogram.snapshot() }]));
      return histogram;
    },
    histograms({ name, help, labels }) {
      let series: readonly Series<HistogramSnapshot>[] = [];
      const head: FamilyHead = { name, help, type: 'histogram', labelNames: labels };
      add(head, () => renderHistograms(head, series));
      return {
        replace(all) {
          series = all;
        },
      };
    },
    collect: (name, families, read) => void collectors.push({ name, families, read }),
    render() {
      rendering ??= renderNow().finally(() => {
        rendering = undefined;
      });
      return rendering;
    },
  };
}

const OTHER = 'other';
