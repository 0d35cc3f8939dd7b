/**
 * Watches from a thread of its own whether the event loop moves. An event loop that stands still for half a minute serves nobody. Then the log gets a line
 * that says what it was doing and where in the code it is, and the process ends, so that its supervisor starts it anew. A process that was stopped as a
 * whole (SIGSTOP, a suspended machine, a clock that was set) does not count as standing still.
 */
export { makeWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.js';
