/** A JSON object whose last value is a text too long to be held whole. */

/** `texts`: pieces of whole characters; nothing is given before the first one has come. `fields` has at least one. */
export async function* jsonWithText(fields: object, name: string, texts: AsyncIterable<string>): AsyncGenerator<string> {
  let start = `${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(name)}:"`;
  for await (const text of texts) {
    yield start + JSON.stringify(text).slice(1, -1);
    start = '';
  }
  yield `${start}"}`;
}
