/** Says in words why a file cannot be read, and how to mend it. */

/** `error`: what was thrown when `path` was read. */
export function whyUnreadable(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES')
    return `permission denied; let the user who runs this read it (chgrp mailwagon ${path}; chmod 640 ${path}), or run it as root`;
  return `cannot be read (${code})`;
}
