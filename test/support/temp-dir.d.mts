/** An empty folder; `cleanup` removes it with all it holds (so does the end of the process). */
export function tempDir(prefix?: string): { path: string; cleanup: () => void };
