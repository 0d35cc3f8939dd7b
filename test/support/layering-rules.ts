/** The layering rules R1 to R4 as functions of one source file: each gives the sentences that say what is wrong and where the code should go instead. */
import { dirname, normalize } from 'node:path';
import ts from 'typescript';

/** `path` is relative to the repository and starts with `src/`. */
export interface SourceText {
  path: string;
  text: string;
}

/** Higher may use lower; equals never meet. */
export const RANK: Readonly<Record<string, number>> = {
  core: 0,
  metrics: 0,

  config: 1,
  mail: 1,
  net: 1,
  store: 1,
  watchdog: 1,
  http: 2,
  replies: 2,
  'smtp-client': 2,
  workers: 2,
  directory: 3,
  events: 4,
  messages: 5,
  queue: 5,
  routing: 5,
  webhooks: 5,
  delivery: 6,
  intake: 6,
  reputation: 6,
  tracking: 6,
  validation: 6,
  inbound: 7,
  api: 8,
  panel: 8,
  smtp: 8,
  app: 9,
  cli: 10,
};

/**
 * The order of the folders inside a room, lowest first. `.` is where the files stand that lie in the room itself; without it they are above all
 * folders. `index.ts` is above everything.
 */
export const SUBROOMS: Readonly<Record<string, readonly string[]>> = {
  api: ['contract', 'endpoint', 'present', 'message-form', 'event-query', 'operator', 'groups'],
  cli: [
    '.',
    'render',
    'ask',
    'doctor',
    'reference',
    'commands/credential',
    'commands/domain',
    'commands/key',
    'commands/queue',
    'commands/rules',
    'commands/server',
    'commands',
  ],
  config: ['schema', 'yaml', 'rules'],
  delivery: ['paths', 'shaping', 'sources', 'attempt', 'dispatch'],
  directory: ['cache', 'secrets', 'domains', 'access', 'ips', 'templates'],
  events: ['record', 'outbox', 'log'],
  http: ['.', 'body', 'pages'],
  intake: ['options', 'batch', 'template', 'draft', 'pressure', 'steps'],
  mail: ['.', 'head', 'mime', 'dkim', 'read', 'compose', 'template', 'merge', 'lint'],
  net: ['.', 'dns', 'http-client', 'tls'],
  queue: ['flows', 'suspects'],
  store: [
    '.',
    'engines/sqlite/database',
    'engines/sqlite/directory',
    'engines/sqlite/spool',
    'engines/sqlite/events',
    'engines/sqlite/threads',
    'engines/sqlite',
  ],
};

/** Where an outside library may be imported: folders or files, by the longest name that fits. What is not listed has no home yet. */
const LIBRARY_HOMES: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['src/store/engines/sqlite/'],
  busboy: ['src/http/'],
  commander: ['src/cli/'],
  'dns-packet': ['src/net/'],
  express: ['src/http/'],
  'ipaddr.js': ['src/net/'],
  mailsplit: ['src/mail/'],
  'node:dns': ['src/net/'],
  'nodemailer/lib/mime-funcs': ['src/mail/'],
  handlebars: ['src/mail/'],
  'html-to-text': ['src/mail/'],
  htmlparser2: ['src/mail/'],
  'mime-types': ['src/mail/'],
  'nodemailer/lib/smtp-connection': ['src/smtp-client/'],
  pino: ['src/cli/'],
  react: ['src/panel/'],
  'smtp-server': ['src/smtp/'],
  yaml: ['src/config/'],
  zod: ['src/config/', 'src/api/'],
};

/** Libraries whose types anybody may name. */
const TYPES_FOR_ALL = new Set(['pino']);

/** Expressions with one home: the environment in one file, time and chance in core, where tests can replace them. */
const EXPRESSION_HOMES: readonly { name: string; home: string; instead: string }[] = [
  { name: 'process.env', home: 'src/config/load.ts', instead: 'read it in src/config/load.ts (readEnvironment) and pass the value' },
  { name: 'Date.now', home: 'src/core/', instead: "use the Clock of '#core' that your factory is given" },
  { name: 'new Date()', home: 'src/core/', instead: "use the Clock of '#core' that your factory is given" },
  { name: 'performance.now', home: 'src/core/', instead: "use clock.monotonic() of '#core'" },
  { name: 'Math.random', home: 'src/core/', instead: 'add what you need to src/core/ids.ts' },
];

/** Files that may use private members of a library (`_socket`, `handler_DATA`), each behind plain names for the rest of its room. */
const PRIVATE_MEMBER_HOMES = ['src/smtp/server-adapter.ts', 'src/smtp-client/client-adapter.ts'];

/** Names that begin so and are no secret: what Node asks of who extends a stream. */
const STREAM_METHODS = new Set(['_construct', '_destroy', '_final', '_flush', '_read', '_transform', '_write', '_writev']);

/** Files that are run, not imported: a worker thread's whole purpose is its effect. */
const ENTRY_FILES = new Set([
  'src/cli/index.ts',
  'src/store/engines/sqlite/threads/writer-thread.ts',
  'src/store/engines/sqlite/threads/reader-thread.ts',
  'src/store/engines/sqlite/threads/events-thread.ts',
  'src/workers/task-thread.ts',
  'src/watchdog/watchdog-thread.ts',
]);

const INDEX_LINES = 60;
const FILE_LINES = 500;
const ROOM_FILES = 20;
const ROOM_LINES = 2500;

interface Import {
  specifier: string;
  typeOnly: boolean;
}

/** Every rule on one file. */
export function checkFile(source: SourceText): string[] {
  const file = parse(source);
  const imports = importsOf(file);
  return [
    ...checkFolders(source.path, imports),
    ...checkLibraries(source.path, imports),
    ...checkExpressions(source.path, file),
    ...checkPrivateMembers(source.path, file),
    ...checkModuleState(source.path, file),
    ...checkIndex(source, file),
    ...checkSize(source),
  ];
}

/** R1 within a folder: no file needs itself, however long the way round. A sentence for each circle that is found. */
export function checkCircles(sources: readonly SourceText[]): string[] {
  const needs = new Map(sources.map((source) => [source.path, relativeTargets(source)]));
  const problems: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const met = way.indexOf(path);
    if (met >= 0) {
      const circle = [...way.slice(met), path].join(' -> ');
      problems.push(`${circle}: R1: these files need each other: move what both need, often a type, to a file that needs neither`);
    }
    if (met >= 0 || done.has(path)) return;
    for (const target of needs.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of needs.keys()) visit(path, []);
  return problems;
}

/** R1: no exported name stands in two rooms, where a room is any folder of src. A sentence for each name that does; an index.ts only passes on. */
export function checkNames(sources: readonly SourceText[]): string[] {
  const homes = new Map<string, string[]>();
  for (const source of sources.filter(({ path }) => !path.endsWith('/index.ts'))) {
    for (const name of exportedNames(parse(source))) homes.set(name, [...(homes.get(name) ?? []), source.path]);
  }
  return [...homes]
    .filter(([, paths]) => new Set(paths.map(dirname)).size > 1)
    .map(
      ([name, paths]) =>
        `${paths.join(' and ')}: R1: '${name}' stands in two rooms: one name means one thing; rename one of the two after what it is`,
    );
}

/** R1: a room has at most so many files and lines. A sentence for each folder that has more. */
export function checkRooms(sources: readonly SourceText[]): string[] {
  const rooms = new Map<string, { files: number; lines: number }>();
  for (const { path, text: source } of sources) {
    const { files, lines } = rooms.get(dirname(path)) ?? { files: 0, lines: 0 };
    rooms.set(dirname(path), { files: files + 1, lines: lines + source.trimEnd().split('\n').length });
  }
  return [...rooms]
    .filter(([, { files, lines }]) => files > ROOM_FILES || lines > ROOM_LINES)
    .map(([room, { files, lines }]) => {
      const most = `a room has at most ${ROOM_FILES} files and ${ROOM_LINES} lines`;
      return `${room}/: R1: ${files} files and ${lines} lines: ${most}; divide it into folders by what they are about, and give those an order in SUBROOMS`;
    });
}

/** Names that a file declares and exports, without those it passes on from elsewhere; each once, overloads too. */
function exportedNames(file: ts.SourceFile): Set<string> {
  const names = file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) return namesOfList(statement);
    if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
    const { name } = statement as ts.DeclarationStatement;
    return name === undefined ? [] : [name.text];
  });
  return new Set(names);
}

/** Of `export { a, b as c }`; of one with `from`, none. */
function namesOfList({ exportClause, moduleSpecifier }: ts.ExportDeclaration): string[] {
  if (moduleSpecifier !== undefined || exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
  return exportClause.elements.map(({ name }) => name.text);
}

const boundNames = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundNames(element.name)));

/** The packages that the program loads, sorted: every import of a value, without Node's own modules. */
export function packagesOf(sources: readonly SourceText[]): string[] {
  const specifiers = sources.flatMap((source) => importsOf(parse(source)).filter(({ typeOnly }) => !typeOnly));
  const outside = specifiers.map(({ specifier }) => specifier).filter((name) => !/^(?:[.#]|node:)/.test(name));
  return [...new Set(outside.map((name) => name.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? name))].sort();
}

const relativeTargets = (source: SourceText): string[] =>
  importsOf(parse(source))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => targetOf(source.path, specifier));

export const targetOf = (path: string, specifier: string): string => normalize(`${dirname(path)}/${specifier}`).replace(/\.js$/, '.ts');

export const parse = ({ path, text }: SourceText) => ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);

/** Static imports, re-exports, dynamic imports and `import('…')` types. */
export function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) found.push({ specifier: text(node.moduleSpecifier), typeOnly: isTypeOnlyImport(node.importClause) });
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      found.push({ specifier: text(node.moduleSpecifier), typeOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0]) {
      found.push({ specifier: text(node.arguments[0]), typeOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      found.push({ specifier: text(node.argument.literal), typeOnly: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const text = (node: ts.Node) => (ts.isStringLiteralLike(node) ? node.text : node.getText());

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly)
  );
}

const folderOf = (path: string): string => path.split('/')[1] ?? '';

/** R1. */
function checkFolders(path: string, imports: readonly Import[]): string[] {
  const folder = folderOf(path);
  const rank = RANK[folder];
  if (folder.endsWith('.ts')) return [`${path}: R1: ${folder} stands in no folder: put it in a folder of DESIGN.md section 3`];
  if (rank === undefined) return [`${path}: R1: folder "${folder}" has no rank: put the file in a folder of DESIGN.md section 3`];
  return imports.flatMap(({ specifier }) => {
    if (specifier.startsWith('.')) return checkRelative(path, folder, specifier);
    if (specifier.startsWith('#')) return checkAlias(path, folder, rank, specifier.slice(1));
    return [];
  });
}

function checkRelative(path: string, folder: string, specifier: string): string[] {
  const target = targetOf(path, specifier);
  if (folderOf(target) === folder) return checkSubrooms(path, folder, target);
  return [`${path}: R1: '${specifier}' leaves the folder: import from '#${folderOf(target)}', and let its index.ts export what you need`];
}

/** R1 inside a room: folders of it have an order too. */
function checkSubrooms(path: string, folder: string, target: string): string[] {
  const order = SUBROOMS[folder];
  if (order === undefined) return [];
  const [from, to] = [subroomOf(path, order), subroomOf(target, order)];
  if (from.name === to.name || to.rank < from.rank) return [];
  if (from.rank < 0 || to.rank < 0) {
    return [
      `${path}: R1: ${folder}/${from.rank < 0 ? from.name : to.name}/ has no place in SUBROOMS: say which of its neighbours it may use`,
    ];
  }
  return [
    `${path}: R1: ${folder}/${from.name}/ may not import ${target}: ${to.name}/ stands above it: move what both need to ${from.name}/ or lower, ` +
      `or this code to ${to.name}/`,
  ];
}

function subroomOf(path: string, order: readonly string[]): { name: string; rank: number } {
  if (/^src\/[^/]+\/index\.ts$/.test(path)) return { name: 'index.ts', rank: order.length + 1 };
  const name = dirname(path).split('/').slice(2).join('/') || '.';
  const rank = order.indexOf(name);
  return { name, rank: rank < 0 && name === '.' ? order.length : rank };
}

function checkAlias(path: string, folder: string, rank: number, target: string): string[] {
  const [name = '', ...deep] = target.split('/');
  if (deep.length > 0)
    return [`${path}: R1: '#${target}' reaches into ${name}/: let src/${name}/index.ts export it and import from '#${name}'`];
  const other = RANK[name];
  if (other === undefined) return [`${path}: R1: '#${name}' is no folder that can be imported`];
  if (other < rank) return [];
  return [
    `${path}: R1: ${folder}/ (rank ${rank}) may not import '#${name}' (rank ${other}): move this code to a folder above ${name}/, ` +
      `move what you need of ${name}/ below ${folder}/, or take it as a dependency that app/ passes in`,
  ];
}

/** R2, libraries. */
function checkLibraries(path: string, imports: readonly Import[]): string[] {
  return imports.flatMap(({ specifier, typeOnly }) => {
    if (/^[.#]/.test(specifier)) return [];
    const known = Object.keys(LIBRARY_HOMES)
      .filter((name) => specifier === name || specifier.startsWith(`${name}/`))
      .sort((a, b) => b.length - a.length)[0];
    if (known === undefined) {
      if (specifier.startsWith('node:')) return [];
      return [`${path}: R2: '${specifier}' has no home: decide on one folder for it and list it in LIBRARY_HOMES`];
    }
    if (typeOnly && TYPES_FOR_ALL.has(known)) return [];
    const homes = LIBRARY_HOMES[known] ?? [];
    if (homes.some((home) => path.startsWith(home))) return [];
    return [`${path}: R2: '${specifier}' is used in ${homes.join(', ')} only: put what needs it there and import that instead`];
  });
}

/** R2, expressions. */
function checkExpressions(path: string, file: ts.SourceFile): string[] {
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) used.add(node.getText().replaceAll(/\s/g, ''));
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) used.add('new Date()');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return EXPRESSION_HOMES.filter(({ name, home }) => used.has(name) && !path.startsWith(home)).map(
    ({ name, home, instead }) => `${path}: R2: ${name} belongs in ${home}: ${instead}`,
  );
}

/** R2, private members of libraries. */
function checkPrivateMembers(path: string, file: ts.SourceFile): string[] {
  if (PRIVATE_MEMBER_HOMES.some((home) => path.startsWith(home))) return [];
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    const isMember = ts.isPropertyAccessExpression(node) || ts.isClassElement(node) || ts.isTypeElement(node);
    const name = isMember ? node.name?.getText() : undefined;
    if (name !== undefined && /^(?:_(?!_)|handler_)/.test(name) && !STREAM_METHODS.has(name)) used.add(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...used].map(
    (name) => `${path}: R2: '${name}' is a private member of a library: use it in ${PRIVATE_MEMBER_HOMES.join(' or ')} behind a plain name`,
  );
}

/** R3: a module is declarations; what changes lives in what a factory returns. */
function checkModuleState(path: string, file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) => {
    const line = file.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    if (ts.isVariableStatement(statement)) return checkVariables(`${path}:${line}`, statement);
    if (isDeclaration(statement) || ENTRY_FILES.has(path)) return [];
    return [`${path}:${line}: R3: importing this file has an effect: move it into a function that app/ calls`];
  });
}

function checkVariables(where: string, statement: ts.VariableStatement): string[] {
  if (!(statement.declarationList.flags & ts.NodeFlags.Const)) {
    return [`${where}: R3: a module-level variable is state that every user shares: keep it inside what a factory makeX({ … }) returns`];
  }
  return statement.declarationList.declarations
    .filter(({ initializer }) => initializer !== undefined && isEmptyCollection(initializer))
    .map(({ name }) => `${where}: R3: ${name.getText()} starts empty, so it is state: keep it inside what a factory makeX({ … }) returns`);
}

function isEmptyCollection(node: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  if (ts.isObjectLiteralExpression(node)) return node.properties.length === 0;
  return ts.isNewExpression(node) && /^(Weak)?(Map|Set)$/.test(node.expression.getText()) && !node.arguments?.length;
}

const isDeclaration = (node: ts.Statement): boolean =>
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  ts.isExportAssignment(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isModuleDeclaration(node) ||
  ts.isEnumDeclaration(node);

/** R4: the face of a folder. */
function checkIndex({ path, text: source }: SourceText, file: ts.SourceFile): string[] {
  if (!/^src\/[^/]+\/index\.ts$/.test(path)) return [];
  const problems: string[] = [];
  const lines = source.trimEnd().split('\n').length;
  if (lines > INDEX_LINES)
    problems.push(`${path}: R4: ${lines} lines: an index.ts has at most ${INDEX_LINES}; move code to a file of its own`);
  if (!source.startsWith('/**'))
    problems.push(`${path}: R4: open with a comment: what the folder takes and what it promises on each failure`);
  for (const statement of file.statements) {
    const star =
      ts.isExportDeclaration(statement) && (statement.exportClause === undefined || ts.isNamespaceExport(statement.exportClause));
    if (star) problems.push(`${path}: R4: '${statement.getText()}' hides what is exported: name each export`);
    if (ts.isExportAssignment(statement)) problems.push(`${path}: R4: a default export has no name to search for: name it`);
  }
  return problems;
}

function checkSize({ path, text: source }: SourceText): string[] {
  const lines = source.trimEnd().split('\n').length;
  return lines > FILE_LINES ? [`${path}: ${lines} lines, over ${FILE_LINES}: split it by what its first comment says`] : [];
}
