/** A template after it was read and checked. It refers to nothing except variables and the five block helpers. */

export type Helper = 'if' | 'unless' | 'each' | 'with' | 'equal';

export type Expression =
  | { kind: 'literal'; value: string | number | boolean | null | undefined }
  /** `depth` counts `../`. The names are looked up one after the other, as own properties only. */
  | { kind: 'path'; depth: number; names: string[] }
  /** `@index` and similar names. `depth` counts `@../`. */
  | { kind: 'data'; depth: number; names: string[] }
  /** A name that a block defines for its item (`as |item key|`). `up` counts the blocks with such names in between. */
  | { kind: 'local'; up: number; index: number; names: string[] };

export interface BlockNode {
  kind: 'block';
  helper: Helper;
  parameters: Expression[];
  /** `includeZero=true`: 0 is taken as true. */
  includeZero: boolean;
  /** The block defines names for its item (`as |item key|`). */
  hasLocals: boolean;
  body: TemplateNode[];
  otherwise: TemplateNode[];
}

export type TemplateNode = { kind: 'text'; text: string } | { kind: 'value'; expression: Expression; escaped: boolean } | BlockNode;
