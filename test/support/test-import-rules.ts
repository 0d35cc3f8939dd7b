/** How tests name what they test, as a function of one file: gives the sentences that say what is wrong and what to write instead. */
import { importsOf, parse, type SourceText, targetOf } from './layering-rules.js';

/** `path` is relative to the repository and starts with `test/`. */
export function checkTestImports(source: SourceText): string[] {
  return importsOf(parse(source)).flatMap(({ specifier }) => {
    const [, file] = specifier.startsWith('.') ? (/^(?:src|dist)\/(.+)\.[jt]s$/.exec(targetOf(source.path, specifier)) ?? []) : [];
    if (file === undefined) return [];
    const name = file.replace(/^([^/]+)\/index$/, '$1');
    return [
      `${source.path}: '${specifier}': import '#${name === file ? `${file}.js` : name}', which is built or not as the test needs it (vitest.config.ts)`,
    ];
  });
}
