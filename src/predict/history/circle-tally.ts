import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows } from '../hazard/labels.ts';
import { followed, type RateModel } from './rate-model.ts';

/** What a whole circle has seen, by time. */
export interface CircleTally {
  /** Rows known at `now` and those followed by a failure within an edge, fading; both 0 before anything is known. */
  at(now: number, edge: number): { readonly known: number; readonly positive: number };
}

/** Which of the memories a circle has: it sees much, so a short one is enough and keeps up with change. */
const MEMORY = 1;
/** Most cells of one circle; beyond it cells are made wider. */
const MOST_CELLS = 2 ** 18;

/**
 * Adds a circle up in cells of time. A row counts from the first cell that begins after its outcome was known, so nothing of a
 * cell rests on what comes after its beginning. O(rows × edges) once a circle.
 */
export function createCircleTally(model: RateModel, circle: readonly EntityHistory[]): CircleTally {
  const { edges } = model;
  let first = Infinity;
  let last = -Infinity;
  for (const { times } of circle) {
    first = Math.min(first, times[0] ?? Infinity);
    last = Math.max(last, times.at(-1) ?? -Infinity);
  }
  if (!(first <= last)) return { at: () => ({ known: 0, positive: 0 }) };
  let { cell } = model;
  while ((last - first) / cell > MOST_CELLS) cell *= 2;
  const base = Math.floor(first / cell);
  const cells = Math.floor(last / cell) - base + 1;
  const known = new Float32Array(cells * edges.length);
  const positive = new Float32Array(cells * edges.length);
  for (const history of circle) {
    const label = labelRows(history, model.quiet);
    for (let row = 0; row < history.times.length; row++) {
      for (let j = 0; j < edges.length; j++) {
        const place = Math.ceil((history.times[row]! + edges[j]!) / cell) - base;
        const outcome = place < cells ? followed(label, row, edges[j]!) : -1;
        if (outcome < 0) continue;
        known[place * edges.length + j]! += 1;
        positive[place * edges.length + j]! += outcome;
      }
    }
  }
  const factor = 2 ** (-cell / model.memories[MEMORY]!);
  for (let at = edges.length; at < known.length; at++) {
    known[at]! += factor * known[at - edges.length]!;
    positive[at]! += factor * positive[at - edges.length]!;
  }
  return {
    at: (now, edge) => {
      const place = Math.floor(now / cell) - base;
      if (place < 0) return { known: 0, positive: 0 };
      const at = Math.min(place, cells - 1) * edges.length + edge;
      return { known: known[at]!, positive: positive[at]! };
    },
  };
}
