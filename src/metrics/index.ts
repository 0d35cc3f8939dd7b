/**
 * Numbers about the running process, and their text for Prometheus.
 *
 * - To count is to add to a number in memory; it never throws.
 * - Families are made once, at start. A family has a bounded number of series; further series are counted together as `other`.
 * - Numbers that another room keeps are read from it when somebody asks for the text. If reading fails, their families are empty, and the failure is counted.
 * - The only I/O of the room is to read what the kernel says of this process.
 *
 * Each room has its families in a `metrics.ts` of its own, with functions of two kinds. `countX` is called once, at start: it makes the families, and gives
 * back an observer, or the room's own object wrapped in one, so that counting costs a look-up of the label values and an addition. `addXMetrics`
 * registers the families that are read from the room.
 */
export { readFileLimit } from './file-limit.js';
export { type Histogram, type HistogramSnapshot, makeHistogram } from './histogram.js';
export { addProcessMetrics } from './process-metrics.js';
export {
  CONTENT_TYPE,
  type Counter,
  type CounterFamily,
  type GaugeFamily,
  type HistogramFamily,
  makeRegistry,
  type Registry,
} from './registry.js';
