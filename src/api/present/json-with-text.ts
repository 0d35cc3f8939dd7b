/** A JSON object whose last value is a text too long to be held whole. */

/** `texts`: pieces of whole characters. `fields` has at least one. */
export async function* jsonWithText(fields: object, name: string, texts: AsyncIterable<string>): AsyncGenerator<string> {
  yield `${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:"`;
  for await (const text of texts) yield JSON.stringify(text).slice(1, -1);
  yield '"}';
}
