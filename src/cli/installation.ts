/** Says where this program is installed, for advice on how to mend the installation. */
import { fileURLToPath } from 'node:url';
import { loadFailureText } from '#core';

/** The folder of package.json is two above the built file, in a clone and in an installed package alike. */
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** One line for a module that could not be loaded; undefined for any other error. */
export const whyNotLoaded = (error: unknown): string | undefined => loadFailureText(error, { root, nodeVersion: process.version });
