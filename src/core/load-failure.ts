/** Explains an error that means that a module of this program could not be loaded, and says what to do. Pure. */

/** Where the program lies, and which Node.js runs it. */
export interface Installation {
  /** Folder of package.json. */
  root: string;
  nodeVersion: string;
}

const MORE_FILES = 'allow at least 1024 (ulimit -n, LimitNOFILE of systemd)';

/** One line, or undefined when the error (and what caused it) is about something else. */
export function loadFailureText(error: unknown, installation: Installation): string | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    const text = textOf(one, installation);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(error: Error, { root, nodeVersion }: Installation): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  const [first = ''] = error.message.split('\n');
  const rebuild = `run "npm rebuild better-sqlite3" in ${root}`;
  if (code === 'ERR_DLOPEN_FAILED') {
    return /NODE_MODULE_VERSION/.test(error.message)
      ? `The native module better-sqlite3 was built for another version of Node.js than this one (${nodeVersion}): ${rebuild}`
      : `The native module better-sqlite3 cannot be loaded (${first}): ${rebuild}`;
  }
  if (first.startsWith('Could not locate the bindings file')) {
    // npm was told to run no install scripts, or the compiler failed.
    return `The native module better-sqlite3 was never built: ${rebuild} (it needs python3, make and g++; see README.md)`;
  }
  if (code === 'EMFILE' || code === 'ENFILE') return `Too few files may be open at once to load the program: ${MORE_FILES}`;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined;
  const [, name = 'a module'] = /Cannot find (?:package|module) '([^']+)'/.exec(first) ?? [];
  // What Node.js looks for when it cannot read the package.json beside it.
  if (/\/node_modules\/(?:@[^/]+\/)?[^/]+\/index\.js$/.test(name))
    return `The package of ${name} is not whole, or too few files may be open to read it: run "npm ci" in ${root}, and ${MORE_FILES}`;
  const isOwn = name.startsWith('/');
  return isOwn
    ? `The installation is not whole, ${name} is missing: install the package again, or run "npm ci" in the clone ${root}`
    : `The module ${name} is missing: run "npm ci" in ${root}, or install the package again`;
}
