/** Copies what tsc does not: the SQL of the migrations, into dist. Runs after tsc in `npm run build`. */
import { cpSync, rmSync } from 'node:fs';

const from = new URL('../../src/store/engines/sqlite/migrations', import.meta.url);
const to = new URL('../../dist/store/engines/sqlite/migrations', import.meta.url);
// Removed first, so that a migration that was renamed does not stay behind under its old name.
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
