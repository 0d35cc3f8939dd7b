/**
 * The user variables as events have them: up to 4 kB (Mailgun's limit), whole variables in their order as long as they fit. Always an object, because
 * clients fail on anything else. Pure.
 */
const MAX_BYTES = 4096;

export function shownVariables(variables: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(variables);
  if (names.length === 0 || Buffer.byteLength(JSON.stringify(variables)) <= MAX_BYTES) return variables;
  let left = MAX_BYTES - 2;
  const shown: [string, unknown][] = [];
  for (const name of names) {
    // With the comma and the colon.
    left -= Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(JSON.stringify(variables[name]) ?? '') + 2;
    if (left < 0) break;
    shown.push([name, variables[name]]);
  }
  return Object.fromEntries(shown);
}
