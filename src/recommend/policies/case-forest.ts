import { type Forest, loadForest } from '../../ml/forest.ts';
import type { Matrix } from '../../ml/matrix.ts';
import { matrixFromRows } from '../../ml/matrix.ts';
import { fitRandomForest } from '../../ml/random-forest.ts';
import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import { findLeaf } from '../../ml/tree-ensemble.ts';
import { growInTurns } from '../../ml/grow-in-turns.ts';

/** One past try of an action, with the row of its context. */
export interface PastTry {
  readonly id: string;
  readonly row: Float64Array;
  readonly resolved: boolean;
  readonly harmful: boolean;
}

/** What past tries in like contexts say. */
export interface LocalEvidence {
  /** How many equally like cases the estimate is worth. */
  readonly size: number;
  readonly resolved: number;
  readonly harmful: number;
  readonly alike: readonly { readonly id: string; readonly similarity: number }[];
}

const KIND = 'case-forest';
const TREES = 40;
/** A leaf of fewer is luck; of more it mixes what a context tells apart. */
const LEAF_ROWS = 3;
/** With fewer tries there is nothing to split. */
const LEAST_TRIES = 8;
const MOST_TRIES = 1500;
const MOST_ALIKE = 5;

export interface CaseForest {
  readonly tries: number;
  evidence(row: Float64Array): LocalEvidence;
  toBytes(): Uint8Array;
}

/**
 * A random forest over contexts that answers with the cases of the leaves a context falls into, each weighed by how often it
 * shares a leaf (Meinshausen, 2006): their weighted mean is the forest's estimate, 1 / Σ weight² says how many cases that is
 * worth, and the heaviest are the most similar ones. Null when the tries are too few; the newest count. O(trees × (depth +
 * rows of a leaf)) a question.
 */
export async function fitCaseForest(tries: readonly PastTry[], seed: number): Promise<CaseForest | null> {
  const kept = tries.slice(-MOST_TRIES);
  if (kept.length < LEAST_TRIES) return null;
  const matrix = matrixFromRows(kept.map(({ row }) => row));
  const target = Float64Array.from(kept, ({ resolved }) => Number(resolved));
  const forest = await growInTurns(
    fitRandomForest,
    { matrix, target },
    {
      seed,
      task: 'classification',
      classes: 2,
      trees: TREES,
      minLeafRows: LEAF_ROWS,
      columnsPerSplit: Math.max(1, Math.ceil(matrix.columns / 3)),
    },
  );
  return caseForest(forest, matrix, kept);
}

/** Throws the codes of `decodeModel`. */
export function loadCaseForest(bytes: Uint8Array): CaseForest {
  const model = decodeModel(bytes);
  requireKind(model, KIND, 1);
  const forest = loadForest(model.section('forest', 'u8'));
  const rows = model.integer('rows', 1, MOST_TRIES);
  const data = Float64Array.from(model.section('data', 'f32', rows * forest.columns));
  const verdicts = model.section('verdicts', 'u8', rows);
  const ids = model.header['ids'] as readonly string[];
  const tries = Array.from({ length: rows }, (_, i) => ({
    id: String(ids[i]),
    row: data.subarray(i * forest.columns, (i + 1) * forest.columns),
    resolved: verdicts[i] === 1,
    harmful: verdicts[i] === 2,
  }));
  return caseForest(forest, { data, rows, columns: forest.columns }, tries);
}

type Known = readonly Omit<PastTry, 'row'>[];

/** Rows of every leaf, by its node. */
function leavesOf({ trees }: Forest, { data, rows, columns }: Matrix): ReadonlyMap<number, number[]> {
  const leaves = new Map<number, number[]>();
  for (const root of trees.roots) {
    for (let row = 0; row < rows; row++) {
      const leaf = findLeaf(trees, root, data, row * columns);
      const members = leaves.get(leaf);
      if (members === undefined) leaves.set(leaf, [row]);
      else members.push(row);
    }
  }
  return leaves;
}

function caseForest(forest: Forest, matrix: Matrix, tries: Known): CaseForest {
  const leaves = leavesOf(forest, matrix);
  const { roots } = forest.trees;
  const weigh = (row: Float64Array): Float64Array => {
    const weights = new Float64Array(matrix.rows);
    for (const root of roots) {
      // A leaf that only rows of the bootstrap reach may hold none of all rows; then this tree says nothing.
      const members = leaves.get(findLeaf(forest.trees, root, row, 0)) ?? [];
      for (const member of members) weights[member]! += 1 / (members.length * roots.length);
    }
    return weights;
  };
  return {
    tries: matrix.rows,
    evidence: (row) => summarise(weigh(row), tries),
    toBytes: () =>
      encodeModel(
        KIND,
        1,
        { rows: matrix.rows, ids: tries.map(({ id }) => id) },
        {
          forest: forest.toBytes(),
          data: Float32Array.from(matrix.data),
          verdicts: Uint8Array.from(tries, ({ resolved, harmful }) => (harmful ? 2 : Number(resolved))),
        },
      ),
  };
}

function summarise(weights: Float64Array, tries: Known): LocalEvidence {
  let [sum, squares, resolved, harmful, most] = [0, 0, 0, 0, 0];
  weights.forEach((weight, i) => {
    sum += weight;
    squares += weight * weight;
    most = Math.max(most, weight);
    if (tries[i]!.resolved) resolved += weight;
    if (tries[i]!.harmful) harmful += weight;
  });
  if (!(sum > 0)) return { size: 0, resolved: 0, harmful: 0, alike: [] };
  const alike = Array.from(weights, (weight, i) => ({ id: tries[i]!.id, similarity: weight / most, i }))
    .filter(({ similarity }) => similarity > 0)
    .sort((a, b) => b.similarity - a.similarity || b.i - a.i)
    .slice(0, MOST_ALIKE)
    .map(({ id, similarity }) => ({ id, similarity }));
  return { size: (sum * sum) / squares, resolved: resolved / sum, harmful: harmful / sum, alike };
}
