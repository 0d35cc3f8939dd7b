/** Makes the completion script for bash from the commands. Pure. */
import { type CommandFacts, type OptionFacts, withDescendants } from './describe-command.js';

/** For `complete -F` of bash 4 and later; needs nothing else. */
export function bashCompletion(program: CommandFacts): string {
  const commands = withDescendants(program);
  const [name = ''] = program.path;
  return `# Completion of ${name} for bash: made by "${name} completion bash".
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${commands.slice(1).map(keyOf).join('|')}) at="$at $word" ;;
    esac
  done
  COMPREPLY=()
  case "$at" in
${commands.map(caseOf).join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _${name} ${name}
`;
}

/** Paths are words of letters: nothing in them has to be escaped. */
const keyOf = ({ path }: CommandFacts) =>
  `'${path
    .slice(1)
    .map((word) => ` ${word}`)
    .join('')}'`;

function caseOf(facts: CommandFacts): string {
  const words = [
    ...facts.commands.map(({ path }) => path.at(-1) ?? ''),
    ...facts.arguments.flatMap(({ choices }) => choices),
    ...facts.options.flatMap(({ names }) => names),
  ];
  const values = facts.options.filter(({ value }) => value !== undefined).map(valueCase);
  const files = facts.arguments.some(({ name }) => name === 'file') ? [`      [[ $cur == -* ]] || { ${FILES}; return; }`] : [];
  return [
    `    ${keyOf(facts)})`,
    ...(values.length === 0 ? [] : [`      case "$prev" in`, ...values, '      esac']),
    ...files,
    `      words='${words.join(' ')}' ;;`,
  ].join('\n');
}

const FILES = 'mapfile -t COMPREPLY < <(compgen -f -- "$cur")';

/** What may follow an option: one of its choices, a file, or a value that only the user knows. */
function valueCase({ names, value, choices }: OptionFacts): string {
  const offer =
    choices.length > 0 ? `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$cur"); ` : value === 'file' ? `${FILES}; ` : '';
  return `        ${names.join('|')}) ${offer}return ;;`;
}
