/**
 * The parameters of a request, wherever they came from: query, urlencoded, multipart or JSON. The body wins over the query, an empty value is an
 * absent one, and `name`, `name[]` and `name[0]` are the same repeated parameter. Values are text; `flag`, `integer` and `choice` read more of them.
 */
import { badRequest } from '#core';
import type { Upload } from './upload.js';

export type FormEntry = { name: string; value: string } | { name: string; file: Upload };

const YES = new Set(['yes', 'true', '1']);
const NO = new Set(['no', 'false', '0']);

export class Form {
  readonly #values = new Map<string, string[]>();
  readonly #empty = new Set<string>();
  readonly #files = new Map<string, Upload[]>();
  readonly #uploads: Upload[] = [];
  readonly #names: readonly string[];

  constructor(query: FormEntry[], body: FormEntry[]) {
    const given = query.length === 0 ? undefined : new Set(body.map((entry) => plainName(entry.name)));
    for (const entry of query) if (!given?.has(plainName(entry.name))) this.#take(entry);
    for (const entry of body) this.#take(entry);
    this.#names = this.#files.size === 0 ? [...this.#values.keys()] : [...new Set([...this.#values.keys(), ...this.#files.keys()])];
  }

  #take(entry: FormEntry): void {
    if ('value' in entry) {
      if (entry.value === '') this.#empty.add(plainName(entry.name));
      else add(this.#values, plainName(entry.name), entry.value);
      return;
    }
    this.#uploads.push(entry.file);
    // For an empty file input a browser sends a part without content and without a name.
    if (entry.file.size > 0 || entry.file.filename !== '') add(this.#files, plainName(entry.name), entry.file);
  }

  /** Names of the parameters that have a value or a file, in the order they came. */
  names(): readonly string[] {
    return this.#names;
  }

  /** True when the parameter was given without a value. Everywhere else it counts as absent; clients send it to take a text back. */
  isEmpty(name: string): boolean {
    return this.#empty.has(name) && !this.#values.has(name);
  }

  /** The first value. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  texts(name: string): string[] {
    return this.#values.get(name) ?? [];
  }

  files(name: string): Upload[] {
    return this.#files.get(name) ?? [];
  }

  /** yes/no, true/false, 1/0 in any case. Refusal 400 for anything else. */
  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (YES.has(value)) return true;
    if (NO.has(value)) return false;
    throw badRequest(`'${name}' parameter must be either 'yes' or 'no'`);
  }

  /** A whole number between `min` and `max`. Refusal 400 for anything else. */
  integer(name: string, range: { min: number; max: number }): number | undefined {
    const text = this.text(name)?.trim();
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^-?\d{1,16}$/.test(text) || value < range.min)
      throw badRequest(`The '${name}' parameter must be a whole number of at least ${range.min}`);
    if (value > range.max) throw badRequest(`The '${name}' parameter can't be larger than ${range.max}`);
    return value;
  }

  /** How many items a page has: `limit`, or `usual` when it is absent or 0, which some clients send when they do not care. Refusal 400 beyond `max`. */
  pageSize({ usual, max }: { usual: number; max: number }): number {
    return this.text('limit')?.trim() === '0' ? usual : (this.integer('limit', { min: 1, max }) ?? usual);
  }

  /** One of a few words. Refusal 400 that lists them. */
  choice<T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found === undefined) throw badRequest(`'${name}' parameter must be one of [${words.join(' ')}]`);
    return found;
  }

  /** Lets go of every uploaded file. */
  async dispose(): Promise<void> {
    if (this.#uploads.length > 0) await Promise.all(this.#uploads.map((upload) => upload.dispose()));
  }
}

const plainName = (name: string): string => (name.endsWith(']') ? name.replace(/\[\d*\]$/, '') : name);

function add<T>(map: Map<string, T[]>, name: string, value: T): void {
  const list = map.get(name);
  if (list) list.push(value);
  else map.set(name, [value]);
}
