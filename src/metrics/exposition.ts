/** The text format of Prometheus, version 0.0.4: families with HELP and TYPE, escaped labels, cumulative buckets. Pure. */
import type { HistogramSnapshot } from './histogram.js';

export interface Series<V> {
  /** Values of the labels, in the order of the family's label names. */
  labels: readonly string[];
  value: V;
}

export interface FamilyHead {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  labelNames: readonly string[];
}

const escapeHelp = (text: string) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
const escapeLabel = (text: string) => escapeHelp(text).replace(/"/g, '\\"');

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

const headText = ({ name, help, type }: FamilyHead) => `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;

export function renderNumbers(head: FamilyHead, series: Iterable<Series<number>>): string {
  let text = headText(head);
  for (const { labels, value } of series) text += `${head.name}${labelText(head.labelNames, labels)} ${numberText(value)}\n`;
  return text;
}

export function renderHistograms(head: FamilyHead, series: Iterable<Series<HistogramSnapshot>>): string {
  let text = headText(head);
  const bucketNames = [...head.labelNames, 'le'];
  for (const { labels, value } of series) {
    let count = 0;
    for (const [index, inBucket] of value.counts.entries()) {
      count += inBucket;
      const bound = value.bounds[index];
      text += `${head.name}_bucket${labelText(bucketNames, [...labels, bound === undefined ? '+Inf' : numberText(bound)])} ${count}\n`;
    }
    const own = labelText(head.labelNames, labels);
    text += `${head.name}_sum${own} ${numberText(value.sum)}\n${head.name}_count${own} ${count}\n`;
  }
  return text;
}
