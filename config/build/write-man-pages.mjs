/** Writes the manual pages of the commands that were just built to dist/man. Runs last in `npm run build`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { programManPages } from '../../dist/cli/index.js';

const folder = new URL('../../dist/man/', import.meta.url);
// Removed first, so that the page of a command that is gone does not stay behind.
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { file, text } of programManPages()) writeFileSync(new URL(file, folder), text);
