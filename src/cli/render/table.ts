/** Lays texts out in columns. Cells may hold texts of strangers (subjects, replies), so control characters never reach the terminal. */
import { cleanText } from '#core';
import type { Paint } from '../terminal.js';

/** A cell: its text, and how to colour it once its width is known. */
export type Cell = string | number | { text: string; paint: (text: string) => string };

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const WIDE = /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6])/u;

/** Columns of a terminal that a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** A heading, then a line for each row. Columns are two spaces apart, and the last one is not padded. `none` is shown if there are no rows. */
export function renderTable(paint: Paint, headings: readonly string[], rows: readonly (readonly Cell[])[], none: string): string {
  if (rows.length === 0) return paint.dim(none);
  const body = rows.map((row) => row.map(cellParts));
  const widths = headings.map((heading, column) => Math.max(textWidth(heading), ...body.map((row) => textWidth(row[column]?.text ?? ''))));
  const line = (cells: readonly Parts[]) =>
    cells
      .map(
        (cell, column) =>
          cell.paint(cell.text) + (column === cells.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - textWidth(cell.text))),
      )
      .join('  ')
      .trimEnd();
  return [line(headings.map((text) => ({ text, paint: paint.bold }))), ...body.map(line)].join('\n');
}

/** `name  value` lines, the names padded to one width. Entries without a value are left out. */
export function renderFields(paint: Paint, fields: readonly (readonly [string, Cell | undefined])[]): string {
  const present = fields.flatMap(([name, cell]) => (cell === undefined || cell === '' ? [] : [{ name, cell: cellParts(cell) }]));
  const width = Math.max(0, ...present.map(({ name }) => textWidth(name)));
  return present.map(({ name, cell }) => `${paint.bold(name.padEnd(width))}  ${cell.paint(cell.text)}`).join('\n');
}

interface Parts {
  text: string;
  paint: (text: string) => string;
}

function cellParts(cell: Cell): Parts {
  if (typeof cell === 'object') return { text: cleanText(cell.text), paint: cell.paint };
  return { text: cleanText(String(cell)), paint: (text) => text };
}
