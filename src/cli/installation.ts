/** Where this program lies, for what is to be mended there. */
import { fileURLToPath } from 'node:url';
import { loadFailureText } from '#core';

/** The folder of package.json is two above the built file, in a clone and in an installed package alike. */
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** One line when a module could not be loaded; undefined for any other error. */
export const whyNotLoaded = (error: unknown): string | undefined => loadFailureText(error, { root, nodeVersion: process.version });
