/** Checks that an outside library still has the members that an adapter of ours relies on, where the library does not promise to keep them. */

/** How many parameters a method has, or what type of value a field begins with. */
export type MemberShape = number | 'boolean' | 'number' | 'object' | 'array' | 'null';

/** What `object` lacks or has in another shape: `SMTPConnection._ready is undefined, expected boolean`. */
export function missingMembers(name: string, object: object, members: Readonly<Record<string, MemberShape>>): string[] {
  return Object.entries(members).flatMap(([member, expected]) => {
    const shape = shapeOf(Reflect.get(object, member));
    return shape === expected ? [] : [`${name}.${member} is ${shown(shape)}, expected ${shown(expected)}`];
  });
}

function shapeOf(value: unknown): number | string {
  if (typeof value === 'function') return value.length;
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

const shown = (shape: number | string): string => (typeof shape === 'number' ? `a method with ${shape} parameters` : shape);

/** Throws when members are missing. `version` is the one that is installed. */
export function requireMembers(library: string, version: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new Error(`${library} ${version} does not fit: ${missing.join('; ')}. Install the version that package.json names (npm ci)`);
}
