/** How tests name what they test, as functions of one file: each gives the sentences that say what is wrong and what to write instead. */
import { basename } from 'node:path';
import ts from 'typescript';
import { importsOf, parse, type SourceText, targetOf } from './layering-rules.js';

/** By room, the names that its face exports. */
export type Faces = ReadonlyMap<string, ReadonlySet<string>>;

export function facesOf(sources: readonly SourceText[]): Faces {
  const faces = new Map<string, Set<string>>();
  for (const source of sources) {
    const [, room] = /^src\/([^/]+)\/index\.ts$/.exec(source.path) ?? [];
    if (room !== undefined) faces.set(room, new Set(exportsOf(source)));
  }
  return faces;
}

/** `path` is relative to the repository and starts with `test/`. */
export function checkTestImports(source: SourceText, faces: Faces): string[] {
  return [...checkPaths(source), ...checkPieces(source, faces)];
}

function checkPaths(source: SourceText): string[] {
  return importsOf(parse(source)).flatMap(({ specifier }) => {
    const [, file] = specifier.startsWith('.') ? (/^(?:src|dist)\/(.+)\.[jt]s$/.exec(targetOf(source.path, specifier)) ?? []) : [];
    if (file === undefined) return [];
    const name = file.replace(/^([^/]+)\/index$/, '$1');
    return [
      `${source.path}: '${specifier}': import '#${name === file ? `${file}.js` : name}', which is built or not as the test needs it (vitest.config.ts)`,
    ];
  });
}

/** A piece of a room is imported for a test that has its name, or for what the face does not export. */
function checkPieces(source: SourceText, faces: Faces): string[] {
  return namedImportsOf(source).flatMap(({ specifier, names }) => {
    const [, room = '', piece = ''] = /^#([^/]+)\/(?:.*\/)?([^/]+)\.js$/.exec(specifier) ?? [];
    if (basename(source.path).split('.')[0] === piece) return [];
    const faced = names.filter((name) => faces.get(room)?.has(name));
    return faced.length === 0 ? [] : [`${source.path}: '${specifier}': import ${faced.join(', ')} from '#${room}', whose face exports it`];
  });
}

function namedImportsOf(source: SourceText): { specifier: string; names: string[] }[] {
  return parse(source).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const named = statement.importClause?.namedBindings;
    const names =
      named !== undefined && ts.isNamedImports(named) ? named.elements.map(({ name, propertyName }) => (propertyName ?? name).text) : [];
    return [{ specifier: statement.moduleSpecifier.text, names }];
  });
}

const exportsOf = (source: SourceText): string[] =>
  parse(source).statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
