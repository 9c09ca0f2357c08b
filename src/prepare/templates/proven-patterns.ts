import { isWord, VARIABLE } from './line-tokens.ts';
import { CONSTANT } from './template-families.ts';

interface Node {
  readonly next: Map<string, Node>;
  number: number | null;
}

const newNode = (): Node => ({ next: new Map(), number: null });

/** Words of one line that may stand where a pattern has its variables. */
const MAX_WORDS = 2;
/** Places looked at for one line. */
const MAX_STEPS = 2000;

/**
 * Patterns whose variables were shown to be such by the words that stood there: one more word needs no proof. A tree over
 * their tokens; finding a line in it is O(tokens) for each variable on the way.
 */
export class ProvenPatterns {
  #root = newNode();

  clear(): void {
    this.#root = newNode();
  }

  add(tokens: readonly string[], number: number): void {
    let node = this.#root;
    for (const token of tokens) {
      let next = node.next.get(token);
      if (next === undefined) node.next.set(token, (next = newNode()));
      node = next;
    }
    node.number ??= number;
  }

  /** The number of the pattern that a line is of; null for none. */
  find(tokens: readonly string[]): number | null {
    if (this.#root.next.size === 0) return null;
    let steps = 0;
    const from = (node: Node, at: number, words: number): number | null => {
      steps += 1;
      if (steps > MAX_STEPS) return null;
      if (at === tokens.length) return node.number;
      const token = tokens[at]!;
      const same = node.next.get(token);
      const found = same === undefined ? null : from(same, at + 1, words);
      if (found !== null || words === MAX_WORDS || !isWord(token) || CONSTANT.test(token)) return found;
      const variable = node.next.get(VARIABLE);
      return variable === undefined ? null : from(variable, at + 1, words + 1);
    };
    return from(this.#root, 0, 0);
  }
}
