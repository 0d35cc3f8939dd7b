/**
 * Finds which of many literal texts occur in a reply, in one pass over it (Aho and Corasick 1975).
 *
 * Hundreds of rules have a thousand texts; looking for each of them by itself would cost more than everything else that is done with a reply.
 */

/** Gives the indices of the literals that occur in `text`, each once. Both are lower case. */
export type LiteralFinder = (text: string) => Set<number>;

interface Node {
  next: Map<number, Node>;
  /** The node of the longest proper suffix that is also a beginning of a literal. */
  fallback: Node | undefined;
  /** Literals that end here, those of the fallbacks included. */
  found: number[];
}

const newNode = (): Node => ({ next: new Map(), fallback: undefined, found: [] });

export function makeLiteralFinder(literals: readonly string[]): LiteralFinder {
  const root = newNode();
  for (const [index, literal] of literals.entries()) insert(root, literal, index);
  linkFallbacks(root);
  return (text) => {
    const found = new Set<number>();
    let node = root;
    for (let at = 0; at < text.length; at++) {
      node = step(root, node, text.charCodeAt(at));
      for (const index of node.found) found.add(index);
    }
    return found;
  };
}

function insert(root: Node, literal: string, index: number): void {
  let node = root;
  for (let at = 0; at < literal.length; at++) {
    const code = literal.charCodeAt(at);
    const next = node.next.get(code) ?? newNode();
    node.next.set(code, next);
    node = next;
  }
  node.found.push(index);
}

function step(root: Node, from: Node, code: number): Node {
  for (let node: Node | undefined = from; node !== undefined; node = node.fallback) {
    const next = node.next.get(code);
    if (next !== undefined) return next;
  }
  return root;
}

/** Breadth first, so that the fallback of a node, which is nearer to the root, is complete when it is used. */
function linkFallbacks(root: Node): void {
  const queue = [root];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const [code, child] of node.next) {
      child.fallback = node.fallback === undefined ? root : step(root, node.fallback, code);
      child.found.push(...child.fallback.found);
      queue.push(child);
    }
  }
}
