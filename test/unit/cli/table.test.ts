import { describe, expect, it } from 'vitest';
import { renderFields, renderTable, textWidth } from '#cli/render/table.js';
import { makePaint } from '#cli/terminal.js';

const plain = makePaint(false);

describe('renderTable', () => {
  it('pads every column but the last', () => {
    const rows = [
      ['a@example.com', 1],
      ['longer@example.com', 20],
    ];
    expect(renderTable(plain, ['LOGIN', 'COUNT'], rows, 'none')).toBe(
      ['LOGIN               COUNT', 'a@example.com       1', 'longer@example.com  20'].join('\n'),
    );
  });

  it('counts what a terminal shows, not code units', () => {
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('é')).toBe(1);
    expect(textWidth('👩‍👩‍👧')).toBe(2);
    expect(renderTable(plain, ['A', 'B'], [['日本', 'x']], '').split('\n')).toEqual(['A     B', '日本  x']);
  });

  it('colours a cell without moving the next', () => {
    const paint = makePaint(true);
    const [, line] = renderTable(paint, ['S', 'B'], [[{ text: 'on', paint: paint.green }, 'x']], '').split('\n');
    expect(line).toBe('\u001b[32mon\u001b[39m  x');
  });

  it('lets no control character of a stranger through', () => {
    const shown = renderTable(plain, ['SUBJECT'], [['\u001b]0;owned\u0007 a\r\nb\u009b31m']], '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is asked
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it('says so when there is nothing', () => {
    expect(renderTable(plain, ['A'], [], 'No domains.')).toBe('No domains.');
  });
});

it('renderFields leaves out what has no value', () => {
  const fields = [
    ['id', '1'],
    ['domain', undefined],
    ['description', ''],
    ['secret', 'x'],
  ] as const;
  expect(renderFields(plain, fields)).toBe('id      1\nsecret  x');
});
