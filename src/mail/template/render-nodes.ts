/**
 * Renders checked nodes with variables, within a budget. Lookups see only own properties of plain data, and no function of theirs is ever called.
 * Pure.
 */
import { TemplateError } from './template-error.js';
import { type Budget, templateLimits } from './template-limits.js';
import type { BlockNode, Expression, TemplateNode } from './template-node.js';

/** Where `{{name}}` is looked up, and the scopes around it. */
interface Scope {
  context: unknown;
  /** The scope that `../` leads to. */
  outer: Scope | undefined;
  data: Data;
  locals: Locals | undefined;
}

/** The values of `@root` and, within an `each`, its own data such as `@index`. */
interface Data {
  values: Readonly<Record<string, unknown>>;
  outer: Data | undefined;
}

interface Locals {
  values: readonly unknown[];
  outer: Locals | undefined;
}

/** Gives the rendered text. Throws TemplateError when the budget is used up. */
export function renderNodes(
  nodes: TemplateNode[],
  variables: Record<string, unknown>,
  { escaped, operations }: { escaped: (text: string) => string; operations: number },
): string {
  const budget: Budget = { operations, output: templateLimits.output };
  const renderer = new Renderer(budget, escaped);
  renderer.render(nodes, {
    context: variables,
    outer: undefined,
    data: { values: { root: variables }, outer: undefined },
    locals: undefined,
  });
  return renderer.output();
}

class Renderer {
  readonly #budget: Budget;
  readonly #escaped: (text: string) => string;
  readonly #chunks: string[] = [];

  constructor(budget: Budget, escaped: (text: string) => string) {
    this.#budget = budget;
    this.#escaped = escaped;
  }

  output(): string {
    return this.#chunks.join('');
  }

  render(nodes: TemplateNode[], scope: Scope): void {
    for (const node of nodes) {
      this.#spend(1);
      if (node.kind === 'text') this.#write(node.text);
      else if (node.kind === 'block') this.#block(node, scope);
      else {
        const text = this.#textOf(this.#evaluate(node.expression, scope), 0);
        this.#write(node.escaped ? this.#escaped(text) : text);
      }
    }
  }

  #block(block: BlockNode, scope: Scope): void {
    const [first, second] = block.parameters.map((parameter) => this.#evaluate(parameter, scope));
    if (block.helper === 'each') this.#each(block, scope, first);
    else if (!this.#holds(block, first, second)) this.render(block.otherwise, scope);
    else if (block.helper === 'with') this.render(block.body, named(block, within(scope, first), [first]));
    else this.render(block.body, named(block, scope, []));
  }

  #holds(block: BlockNode, first: unknown, second: unknown): boolean {
    switch (block.helper) {
      case 'if':
        return isTrue(first, block.includeZero);
      case 'unless':
        return !isTrue(first, block.includeZero);
      case 'equal':
        return this.#textOf(first, 0) === this.#textOf(second, 0);
      default:
        return !isEmpty(first);
    }
  }

  #each(block: BlockNode, scope: Scope, list: unknown): void {
    const keys: readonly (string | number)[] = keysOf(list);
    this.#spend(keys.length >>> 4);
    if (keys.length === 0) this.render(block.otherwise, scope);
    for (const [index, key] of keys.entries()) {
      this.#spend(1);
      const item = (list as Record<string | number, unknown>)[key];
      const values = { ...scope.data.values, key, index, first: index === 0, last: index === keys.length - 1 };
      const inner = { ...within(scope, item), data: { values, outer: scope.data } };
      this.render(block.body, named(block, inner, [item, key]));
    }
  }

  #evaluate(expression: Expression, scope: Scope): unknown {
    if (expression.kind === 'literal') return expression.value;
    this.#spend(1 + expression.names.length);
    const start = startOf(expression, scope);
    return expression.names.reduce(ownProperty, start);
  }

  /** Lists are joined by commas, and objects have no text of their own. Null and missing values are empty. */
  #textOf(value: unknown, depth: number): string {
    if (typeof value === 'string') {
      this.#spend(value.length >>> 6);
      return value;
    }
    if (value === null || value === undefined) return '';
    if (!Array.isArray(value)) return typeof value === 'object' ? '[object Object]' : String(value);
    if (depth > templateLimits.nesting) throw new TemplateError('a variable is nested too deeply to be written');
    this.#spend(value.length);
    return value.map((item) => this.#textOf(item, depth + 1)).join(',');
  }

  #write(text: string): void {
    this.#spend(text.length >>> 6);
    this.#budget.output -= text.length;
    if (this.#budget.output < 0) throw new TemplateError(`the result is longer than ${templateLimits.output} characters`);
    this.#chunks.push(text);
  }

  #spend(operations: number): void {
    this.#budget.operations -= operations;
    if (this.#budget.operations < 0) throw new TemplateError('the template does too much: its loops have too many turns in all');
  }
}

/**
 * Defines the names of a block (`as |item key|`) with these values. Blocks of every kind may have names; in a block without a context of its own
 * they have no value.
 */
const named = (block: BlockNode, scope: Scope, values: unknown[]): Scope =>
  block.hasLocals ? { ...scope, locals: { values, outer: scope.locals } } : scope;

function keysOf(list: unknown): readonly (string | number)[] {
  if (Array.isArray(list)) return Array.from(list.keys());
  return typeof list === 'object' && list !== null ? Object.keys(list) : [];
}

function startOf(expression: Exclude<Expression, { kind: 'literal' }>, scope: Scope): unknown {
  if (expression.kind === 'data') return stepOut(scope.data, expression.depth)?.values;
  if (expression.kind === 'local') return stepOut(scope.locals, expression.up)?.values[expression.index];
  return stepOut(scope, expression.depth)?.context;
}

function stepOut<T extends { outer: T | undefined }>(from: T | undefined, steps: number): T | undefined {
  let at = from;
  for (let step = 0; step < steps && at !== undefined; step++) at = at.outer;
  return at;
}

/** A block's context is one step of `../`, unless it equals the context of the block around it. */
const within = (scope: Scope, context: unknown): Scope => (context === scope.context ? scope : { ...scope, context, outer: scope });

function ownProperty(parent: unknown, name: string): unknown {
  if (typeof parent === 'string') return name === 'length' ? parent.length : undefined;
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, name)) return undefined;
  return (parent as Record<string, unknown>)[name];
}

const isEmpty = (value: unknown): boolean => (!value && value !== 0) || (Array.isArray(value) && value.length === 0);

const isTrue = (value: unknown, includeZero: boolean): boolean => !isEmpty(value) && (includeZero || value !== 0);
