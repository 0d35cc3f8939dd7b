/**
 * Says whether a rule's regular expression takes a short time on any text that a stranger's server may send.
 *
 * JavaScript's engine backtracks, so rules may use only a part of the language: every repetition is bounded, none is inside another, there are no
 * back references and no look-around. Then a match at one place of the text costs at most the product of the bounds, and this product is limited too.
 */

const MAX_LENGTH = 500;
/** Product of the choices of all repetitions, alternatives added up. A reply has at most 1000 characters, so a rule costs at most a few million steps. */
const MAX_CHOICES = 5000;

interface Group {
  /** Choices of the alternative that is being read. */
  choices: number;
  /** Choices of the alternatives before it. */
  others: number;
  hasRepetition: boolean;
}

const newGroup = (): Group => ({ choices: 1, others: 0, hasRepetition: false });

/** Undefined if the pattern is fine, otherwise the phrase that completes "expected …". */
export function patternProblem(source: string): string | undefined {
  if (source.length > MAX_LENGTH) return `a pattern of at most ${MAX_LENGTH} characters`;
  try {
    new RegExp(source, 'u');
  } catch {
    return 'a regular expression that can be read (special characters need a \\ before them)';
  }
  if (/\(\?(?!:)/.test(source)) return 'a pattern without look-around, named groups and flags';
  if (/\\[1-9k]/.test(source)) return 'a pattern without back references';
  if (source.replace(/\\./g, '') !== source.replace(/\\./g, '').toLowerCase()) return 'a pattern in lower case: replies are lower-cased';
  return repetitionProblem(source);
}

function repetitionProblem(source: string): string | undefined {
  const open: Group[] = [newGroup()];
  let last = newGroup();
  for (let index = 0; index < source.length; ) {
    const rest = source.slice(index);
    const token = /^(?:\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|\{\d+(?:,\d*)?\}|[\s\S])/u.exec(rest)?.[0] ?? rest;
    index += token.length;
    if (token === '(' || token === '(?:') open.push(newGroup());
    else if (token === '|') nextAlternative(open.at(-1));
    else if (token === ')') {
      last = open.pop() ?? last;
      merge(open, last);
    } else if (token === '*' || token === '+') return 'a pattern whose repetitions are bounded: {0,40} instead of * or +';
    else if (token === '?' || /^\{\d/.test(token)) {
      const [least, most] = boundsOf(token);
      if (most === undefined) return 'a pattern whose repetitions are bounded: {0,40} instead of {1,}';
      if (most > 1 && last.hasRepetition) return 'a pattern without a repetition inside a repetition';
      const group = open.at(-1);
      if (group === undefined) continue;
      group.choices *= Math.max(1, most - least + 1);
      group.hasRepetition = true;
      last = { ...newGroup(), hasRepetition: true };
    } else last = newGroup();
  }
  const choices = choicesOf(open[0] ?? newGroup());
  return choices > MAX_CHOICES ? `a pattern with fewer choices: its repetitions multiply to ${choices}, at most ${MAX_CHOICES}` : undefined;
}

/** An alternative without repetitions fails at once, so beside one with repetitions it costs nothing. */
const costOf = ({ choices }: Group) => (choices > 1 ? choices : 0);

const choicesOf = (group: Group) => Math.max(1, group.others + costOf(group));

function nextAlternative(group: Group | undefined): void {
  if (group === undefined) return;
  group.others += costOf(group);
  group.choices = 1;
}

function merge(open: readonly Group[], closed: Group): void {
  const around = open.at(-1);
  if (around === undefined) return;
  around.choices *= choicesOf(closed);
  around.hasRepetition ||= closed.hasRepetition;
}

function boundsOf(token: string): [number, number | undefined] {
  if (token === '?') return [0, 1];
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(token) ?? [];
  if (comma === '') return [Number(least), Number(least)];
  return [Number(least), most === '' ? undefined : Number(most)];
}
