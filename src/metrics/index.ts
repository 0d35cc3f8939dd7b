/**
 * Numbers about the running process, and their text for Prometheus. Counting is a number added in memory and never throws; families are made once,
 * at start, and hold a bounded number of series: what comes beyond is counted together as `other`. What is only known elsewhere is asked for when
 * somebody looks; a source that fails leaves its families empty and is counted. No I/O of its own but the kernel's word on this process.
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
