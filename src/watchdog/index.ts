/**
 * Watches from a thread of its own whether the event loop moves. One that stands still for half a minute serves nobody and never will: the log is told
 * what it was doing and where in the code it is, and the process ends, so that whoever runs it starts it anew. A process that was stopped as a whole
 * (SIGSTOP, a suspended machine, a clock that was set) is not standing still.
 */
export { makeWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.js';
