import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows, type RowLabel } from '../hazard/labels.ts';

/**
 * How often failures came within each horizon of late, entity by entity: of the rows whose outcome is known by now, the share
 * that was followed by a failure, with newer rows counting more. What an entity lacks in evidence it borrows from its circles,
 * and those from the fleet that was trained on. The share is of the very thing that is asked for, so bursts of failures, which
 * make a mere rate promise too much, are counted as what they are.
 */
export interface RateModel {
  /** Rising lengths ahead. */
  readonly edges: Float64Array;
  /** Half-lives of the memory, in the fleet's unit of time. */
  readonly memories: Float64Array;
  /** Share of the training rows that a failure followed within each edge. */
  readonly prior: Float64Array;
  /** By how many rows one failure is announced, by edge. */
  readonly rowsPerFailure: Float64Array;
  /** Width of the cells in which what a circle has seen is added up. */
  readonly cell: number;
  readonly quiet: number;
}

/**
 * How much of a failure the prior is worth. Failures of machines are spread unevenly: a few have most of them, and the shape of
 * that spread found in the field lies below one. Less ranks a little better, more promises less in the riskiest tenth; from a
 * half to one both are good.
 */
export const PRIOR_FAILURES = 2 / 3;
/** Half-lives as multiples of the mean time between an entity's failures. What fails in bursts is told by the short ones, what is merely worse than others by the long ones. */
const MEMORIES = [1, 2, 4, 8, 16] as const;
/** Cells to the largest horizon: what a circle has seen is at most this part of it out of date. */
const CELLS_PER_HORIZON = 16;
/** Most cells of the training time. */
const MOST_CELLS = 2 ** 16;

/** What a row is known to have been followed by within an edge: 1, 0, or -1 where that was not seen. */
export function followed({ time, failed }: RowLabel, row: number, edge: number): number {
  const ahead = time[row]!;
  if (failed[row] === 1) return ahead <= edge ? 1 : 0;
  return ahead >= edge ? 0 : -1;
}

/** Learns the prior and the scale of time. Never fails: without a failure the prior says what that many rows without one say. */
export function fitRates(entities: readonly EntityHistory[], edges: Float64Array, quiet: number): RateModel {
  const positive = new Float64Array(edges.length);
  const known = new Float64Array(edges.length);
  let failures = 0;
  let observed = 0;
  let rows = 0;
  for (const history of entities) {
    const { times } = history;
    if (times.length === 0) continue;
    const label = labelRows(history, quiet);
    const from = Math.max(history.observedFrom, times[0]!);
    const to = Math.max(from, Math.min(history.observedTo, times.at(-1)!));
    observed += to - from;
    rows += times.length;
    failures += history.failures.filter(({ time }) => time > from && time <= history.observedTo).length;
    for (let row = 0; row < times.length; row++) {
      for (let j = 0; j < edges.length; j++) {
        const outcome = followed(label, row, edges[j]!);
        if (outcome < 0) continue;
        known[j]! += 1;
        positive[j]! += outcome;
      }
    }
  }
  const last = edges.at(-1)!;
  const gap = Math.max(last, observed / Math.max(1, failures));
  const step = rows > entities.length ? observed / (rows - entities.length) : last;
  return {
    edges,
    memories: Float64Array.from(MEMORIES, (times) => times * gap),
    // Half a failure more, as Jeffreys has it: nothing seen is not impossible.
    prior: positive.map((count, j) => (count + 0.5) / (known[j]! + 1)),
    rowsPerFailure: positive
      .map((count, j) =>
        Math.max(1, count > 0 ? count / Math.max(1, failures) : edges[j]! / Math.max(step, Number.MIN_VALUE)),
      )
      .map((count) => (Number.isFinite(count) ? count : 1)),
    cell: Math.max(last / CELLS_PER_HORIZON, observed / Math.max(1, entities.length) / MOST_CELLS),
    quiet,
  };
}

/** Sums of rows known and of those followed by a failure, by memory and edge. */
export interface Tally {
  readonly known: Float64Array;
  readonly positive: Float64Array;
}

/** The share with the prior's worth added, for one tally at one edge. */
export function shareOf(
  model: RateModel,
  edge: number,
  seen: { known: number; positive: number },
  prior: number,
): number {
  const strength = PRIOR_FAILURES * model.rowsPerFailure[edge]!;
  return (seen.positive + strength) / (seen.known + strength / prior);
}

/**
 * Reads one entity row after row, in rising order. `advance` takes in every row whose outcome is known at the time of `row`,
 * with nothing later: a failure counts once the whole length ahead has passed. O(rows × edges) for a whole history.
 */
export function createOwnTally(model: RateModel, history: EntityHistory) {
  const { edges, memories } = model;
  const { times } = history;
  const label = labelRows(history, model.quiet);
  const next = new Int32Array(edges.length);
  const tally: Tally = {
    known: new Float64Array(memories.length * edges.length),
    positive: new Float64Array(memories.length * edges.length),
  };
  let clock = Number.NaN;
  let walked = -1;
  const step = (row: number): void => {
    const now = times[row]!;
    if (now > clock) fade(tally, model, now - clock);
    clock = now;
    for (let j = 0; j < edges.length; j++) {
      for (; next[j]! < row && times[next[j]!]! + edges[j]! <= now; next[j]!++) {
        const outcome = followed(label, next[j]!, edges[j]!);
        if (outcome < 0) continue;
        const since = now - (times[next[j]!]! + edges[j]!);
        for (let m = 0; m < memories.length; m++) {
          const weight = 2 ** (-since / memories[m]!);
          tally.known[m * edges.length + j]! += weight;
          tally.positive[m * edges.length + j]! += weight * outcome;
        }
      }
    }
  };
  // Row by row even where none is asked for: sums rounded at other places would be other bits.
  const advance = (row: number): Tally => {
    while (walked < row) step(++walked);
    return tally;
  };
  return { advance };
}

function fade({ known, positive }: Tally, { memories, edges }: RateModel, passed: number): void {
  for (let m = 0; m < memories.length; m++) {
    const factor = 2 ** (-passed / memories[m]!);
    for (let at = m * edges.length; at < (m + 1) * edges.length; at++) {
      known[at]! *= factor;
      positive[at]! *= factor;
    }
  }
}
