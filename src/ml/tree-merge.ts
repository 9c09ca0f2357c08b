import type { TreeEnsemble } from './tree-ensemble.ts';

type Numbers = { readonly length: number; set(source: ArrayLike<number>, offset?: number): void };

/** One ensemble of the trees of several with the same columns and outputs, in their order. */
export function mergeTrees(parts: readonly TreeEnsemble[]): TreeEnsemble {
  const { columns, outputs } = parts[0]!;
  const nodes = parts.reduce((sum, part) => sum + part.feature.length, 0);
  const trees = parts.reduce((sum, part) => sum + part.roots.length, 0);
  const roots = new Int32Array(trees);
  const left = new Int32Array(nodes);
  let firstNode = 0;
  let firstTree = 0;
  for (const part of parts) {
    for (const [tree, root] of part.roots.entries()) roots[firstTree + tree] = root + firstNode;
    for (const [node, child] of part.left.entries()) {
      left[firstNode + node] = part.feature[node]! < 0 ? 0 : child + firstNode;
    }
    firstNode += part.feature.length;
    firstTree += part.roots.length;
  }
  const join = <T extends Numbers>(target: T, pick: (part: TreeEnsemble) => ArrayLike<number>): T => {
    let at = 0;
    for (const part of parts) {
      target.set(pick(part), at);
      at += pick(part).length;
    }
    return target;
  };
  return {
    columns,
    outputs,
    roots,
    left,
    feature: join(new Int32Array(nodes), (part) => part.feature),
    threshold: join(new Float64Array(nodes), (part) => part.threshold),
    missingLeft: join(new Uint8Array(nodes), (part) => part.missingLeft),
    value: join(new Float64Array(nodes * outputs), (part) => part.value),
    cover: join(new Float64Array(nodes), (part) => part.cover),
  };
}
