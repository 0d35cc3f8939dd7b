/**
 * The program put together: builds, starts and stops every part of the server in order, and opens a data folder for what works without one.
 *
 * `startApp` resolves when every listener is up; when it rejects, with a plain Error for the operator or the system's own, everything that was started
 * is stopped again and the folder is released. `initialise` and `createKeyOffline` reject when a server holds the folder. Only this room maps the
 * configuration to the options of other rooms; it decides nothing else.
 */
export { createKeyOffline, type OfflineKey } from './create-key-offline.js';
export { AlreadyInitialised, adminKeyFile, type Initialised, initialise } from './initialise.js';
export { type App, type AppOptions, startApp } from './start-app.js';
