/** Makes the manual pages from the commands: mailwagon(1), and one for each of its commands. Pure. */
import type { ArgumentFacts, CommandFacts, OptionFacts } from './describe-command.js';

export interface ManPage {
  /** `mailwagon-queue.1`. */
  file: string;
  /** man(7). */
  text: string;
}

export function manPages(program: CommandFacts, version: string): ManPage[] {
  const page = (facts: CommandFacts, body: string[]): ManPage => {
    const name = facts.path.join('-');
    const title = `.TH ${name.toUpperCase()} 1 "" "mailwagon ${version}" "Mailwagon"`;
    const lines = [title, '.SH NAME', `${text(name)} \\- ${text(facts.description)}`, ...body, ...seeAlso(program, facts)];
    return { file: `${name}.1`, text: `${lines.join('\n')}\n` };
  };
  return [page(program, programBody(program)), ...program.commands.map((facts) => page(facts, commandBody(facts)))];
}

function programBody(program: CommandFacts): string[] {
  return [
    '.SH SYNOPSIS',
    `.B ${text(program.path.join(' '))}`,
    '.I command',
    '[options]',
    '.SH COMMANDS',
    ...program.commands.flatMap(({ path, description }) => ['.TP', `.BR ${text(path.join('-'))} (1)`, text(description)]),
    '.SH OPTIONS',
    ...program.options.flatMap(optionLines),
    ...COMMON,
  ];
}

/** The page of a single command, or of a group with a subsection for each of its commands. */
function commandBody(facts: CommandFacts): string[] {
  if (facts.commands.length === 0)
    return ['.SH SYNOPSIS', ...synopsis(facts), '.SH OPTIONS', ...detail(facts), ...examples('.SH EXAMPLES', [facts])];
  return [
    '.SH SYNOPSIS',
    ...facts.commands.flatMap((one, index) => [...(index > 0 ? ['.br'] : []), ...synopsis(one)]),
    '.SH COMMANDS',
    ...facts.commands.flatMap((one) => [`.SS ${text(one.path.slice(1).join(' '))}`, text(sentence(one.description)), ...detail(one)]),
    ...examples('.SH EXAMPLES', facts.commands),
  ];
}

const synopsis = ({ path, arguments: given }: CommandFacts): string[] => [
  `.B ${text(path.join(' '))}`,
  text([...given.map(({ usage }) => usage), '[options]'].join(' ')),
];

const detail = (facts: CommandFacts): string[] => [...facts.arguments.flatMap(argumentLines), ...facts.options.flatMap(optionLines)];

const argumentLines = ({ usage, description, choices }: ArgumentFacts): string[] => [
  '.TP',
  `.I ${text(usage)}`,
  text(note(description, choices, '')),
];

const optionLines = ({ flags, description, choices, byDefault }: OptionFacts): string[] => [
  '.TP',
  `.B ${text(flags)}`,
  text(note(description, choices, byDefault)),
];

/** A line of `.TP` may not be empty. */
function note(description: string, choices: readonly string[], byDefault: string): string {
  const parts = [description, choices.length > 0 && `one of ${choices.join(', ')}`, byDefault !== '' && `default: ${byDefault}`];
  return parts.filter(Boolean).join('; ') || 'as it says';
}

const sentence = (description: string) => `${description.charAt(0).toUpperCase()}${description.slice(1)}.`;

function examples(heading: string, commands: readonly CommandFacts[]): string[] {
  const lines = commands.flatMap((facts) => facts.examples);
  return lines.length === 0 ? [] : [heading, '.nf', ...lines.map(text), '.fi'];
}

function seeAlso(program: CommandFacts, facts: CommandFacts): string[] {
  const others = [program, ...program.commands].filter((one) => one !== facts).map(({ path }) => `${text(path.join('-'))}(1)`);
  return ['.SH SEE ALSO', others.join(', ')];
}

const COMMON = [
  '.SH EXIT STATUS',
  '0: done; 1: refused or failed; 2: wrong usage. With',
  '.B \\-\\-json',
  'an error is one JSON object on standard error.',
  '.SH ENVIRONMENT',
  '.TP',
  '.B MAILWAGON_CONFIG',
  'the configuration file when \\-\\-config is not given',
  '.TP',
  '.B MAILWAGON_API_URL, MAILWAGON_API_KEY',
  'the server that commands talk to, and its key',
  '.SH FILES',
  '.TP',
  '.I /etc/mailwagon/mailwagon.yaml',
  'the configuration, unless ./mailwagon.yaml is there',
  '.TP',
  '.I admin.key',
  'in the data folder: the key of commands on the server itself',
];

/** In man(7) a backslash, a hyphen, and a dot or quote at the beginning of a line have a special meaning; bytes beyond ASCII are not portable. */
const text = (plain: string): string =>
  plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^ -~]/gu, (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/^(?=[.'])/, '\\&');
