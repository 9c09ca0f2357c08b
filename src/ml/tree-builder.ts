import type { TreeEnsemble } from './tree-ensemble.ts';
import { MlError } from './ml-error.ts';

/** Most leaf values of one model: about 2 GB of arrays with one output, and more than any sound setting grows. */
const MAX_VALUES = 2 ** 26;

type Part<T> = { subarray(start: number, end: number): T; slice(start: number, end: number): T };

/**
 * Collects trees into growing flat arrays. Hot loops read and write the arrays directly; they move when the builder
 * grows, so read them again after `addNodes`.
 */
export class TreeBuilder {
  readonly columns: number;
  readonly outputs: number;
  readonly roots: number[] = [];
  nodes = 0;
  feature: Int32Array;
  threshold: Float64Array;
  left: Int32Array;
  missingLeft: Uint8Array;
  value: Float64Array;
  cover: Float64Array;

  constructor(columns: number, outputs: number, capacity = 1024) {
    this.columns = columns;
    this.outputs = outputs;
    this.checkSize(capacity);
    this.feature = new Int32Array(capacity);
    this.threshold = new Float64Array(capacity);
    this.left = new Int32Array(capacity);
    this.missingLeft = new Uint8Array(capacity);
    this.value = new Float64Array(capacity * outputs);
    this.cover = new Float64Array(capacity);
  }

  /** Starts a tree and returns its root, a leaf so far. */
  startTree(): number {
    const root = this.addNodes(1);
    this.roots.push(root);
    return root;
  }

  /** Adds that many leaves at the end and returns the first. */
  addNodes(count: number): number {
    const first = this.nodes;
    this.nodes += count;
    if (this.nodes > this.feature.length) this.grow();
    for (let node = first; node < this.nodes; node++) this.feature[node] = -1;
    return first;
  }

  /** Turns a leaf into a split with two new leaves, and returns the left one (the right one is next). */
  split(node: number, feature: number, threshold: number, missingLeft: boolean): number {
    const left = this.addNodes(2);
    this.feature[node] = feature;
    this.threshold[node] = threshold;
    this.missingLeft[node] = missingLeft ? 1 : 0;
    this.left[node] = left;
    return left;
  }

  /** Drops every tree from `trees` on. */
  truncate(trees: number): void {
    if (trees >= this.roots.length) return;
    this.nodes = this.roots[trees]!;
    this.roots.length = trees;
  }

  /** The trees so far, without a copy where at least two thirds of the arrays are in use. The builder is not to be used again. */
  finish(): TreeEnsemble {
    const { columns, outputs, nodes } = this;
    const full = nodes >= (2 / 3) * this.feature.length;
    const cut = <T extends Part<T>>(array: T, length: number): T =>
      full ? array.subarray(0, length) : array.slice(0, length);
    return {
      columns,
      outputs,
      roots: Int32Array.from(this.roots),
      feature: cut(this.feature, nodes),
      threshold: cut(this.threshold, nodes),
      left: cut(this.left, nodes),
      missingLeft: cut(this.missingLeft, nodes),
      value: cut(this.value, nodes * outputs),
      cover: cut(this.cover, nodes),
    };
  }

  private checkSize(nodes: number): void {
    if (nodes * this.outputs <= MAX_VALUES) return;
    throw new MlError(
      'ML_TOO_LARGE',
      `${nodes} tree nodes × ${this.outputs} outputs are over the bound of ${MAX_VALUES}`,
    );
  }

  private grow(): void {
    this.checkSize(this.nodes);
    const capacity = Math.max(Math.min(2 * this.feature.length, Math.floor(MAX_VALUES / this.outputs)), this.nodes);
    this.feature = resized(new Int32Array(capacity), this.feature);
    this.threshold = resized(new Float64Array(capacity), this.threshold);
    this.left = resized(new Int32Array(capacity), this.left);
    this.missingLeft = resized(new Uint8Array(capacity), this.missingLeft);
    this.value = resized(new Float64Array(capacity * this.outputs), this.value);
    this.cover = resized(new Float64Array(capacity), this.cover);
  }
}

function resized<T extends { set(source: ArrayLike<number>): void }>(target: T, source: ArrayLike<number>): T {
  target.set(source);
  return target;
}
