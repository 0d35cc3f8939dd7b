/**
 * Numbers about the running process, and their text for Prometheus. Counting is a number added in memory and never throws; families are made once,
 * at start, and hold a bounded number of series: what comes beyond is counted together as `other`. What is only known elsewhere is asked for when
 * somebody looks; a source that fails leaves its families empty and is counted. No I/O of its own but the kernel's word on this process.
 *
 * Each room has its families in a `metrics.ts` of its own, with functions of two kinds. `countX` is called once, at start: it makes the families and gives
 * the room's own thing back wrapped, or an observer for it, so that counting costs a look-up of the label values and an addition. `addXMetrics`
 * registers what is read from the room when somebody looks.
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
