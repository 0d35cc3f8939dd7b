/** Says in one line what to do where the compiler is missing, instead of "tsc: not found". Runs first in `npm run build`. */
import { fileURLToPath } from 'node:url';

export const hasCompiler = (() => {
  try {
    return import.meta.resolve('typescript') !== '';
  } catch {
    return false;
  }
})();

if (!hasCompiler && process.argv[1] === fileURLToPath(import.meta.url)) {
  console.error('Mailwagon cannot be built here: its compiler is a development dependency. Run "npm ci && npm prune --omit=dev" instead.');
  process.exit(1);
}
