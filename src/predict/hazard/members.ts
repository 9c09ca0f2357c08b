import type { GradientBoosting } from '../../ml/gradient-boosting.ts';
import type { HazardBoosting } from '../../ml/hazard-boosting.ts';
import type { LstmModel } from '../../ml/neural-lstm.ts';
import type { Intervals } from './intervals.ts';

/**
 * The models that are stacked, each seen alike: `life` is boosting of the position of the failure ahead (squares), `hazard` boosting of
 * hazards over a few wide intervals, `lstm` a network of hazards over all intervals on sequences.
 */
export interface Team {
  readonly life: GradientBoosting;
  readonly hazard: HazardBoosting;
  readonly lstm: LstmModel | null;
}

/** Rows as the members read them. */
export interface MemberRows {
  readonly count: number;
  /** count × features. */
  readonly features: Float32Array;
  /** count × (steps × channels); null where there is nothing to read in sequences. */
  readonly sequences: Float32Array | null;
}

/** Some of the rows, in the given order. */
export function takeMemberRows({ count, features, sequences }: MemberRows, picked: Int32Array): MemberRows {
  return {
    count: picked.length,
    features: takeRows(features, count, picked),
    sequences: sequences === null ? null : takeRows(sequences, count, picked),
  };
}

export function takeRows(data: Float32Array, count: number, picked: Int32Array): Float32Array {
  const width = count > 0 ? data.length / count : 0;
  const out = new Float32Array(picked.length * width);
  for (let i = 0; i < picked.length; i++) {
    out.set(data.subarray(picked[i]! * width, (picked[i]! + 1) * width), i * width);
  }
  return out;
}

/** What the members of a team said: for each member the expected position, and the hazards where it has them. */
export interface Answers {
  readonly count: number;
  /** members × count. */
  readonly positions: readonly Float64Array[];
  /** For members with hazards: count × intervals. */
  readonly hazards: readonly Float64Array[];
}

/** Intervals that boosted hazards are learnt on; each holds several of the fine ones. */
const COARSE = 6;

/** Horizons that span more than this, minutes to weeks, are of two sorts: what shows now, and what is mostly chance. */
const WIDE = 100;

export const isWide = ({ edges, atHorizon, cap }: Intervals): boolean => cap > WIDE * edges[atHorizon[0]!]!;

/**
 * For each coarse interval the index of its last fine one. Of a wide span only what comes before the largest horizon is learnt: beyond
 * it there are a hundred times as many rows that lead to a failure as minutes before one, and nearly nothing speaks for it in them, so
 * that trees would be grown to tell chance apart.
 */
export function coarseEnds(intervals: Intervals): Int32Array {
  const { edges, atHorizon } = intervals;
  const last = edges.length - 1;
  const cap = atHorizon.at(-1)!;
  const inner = Math.min(COARSE - 1, cap + 1);
  const ends = new Set(Array.from({ length: inner }, (_, i) => Math.round(((i + 1) * (cap + 1)) / inner) - 1));
  ends.add(last);
  const all = Int32Array.from(ends).sort();
  return isWide(intervals) ? all.filter((end) => end < cap) : all;
}

/** What a team says of rows. */
export function askTeam(team: Team, rows: MemberRows, intervals: Intervals): Answers {
  const { count, features, sequences } = rows;
  const matrix = { data: features, rows: count, columns: team.life.columns };
  const fine = refine(team.hazard.predictBatch(matrix), count, intervals);
  const hazards = [fine];
  if (team.lstm !== null && sequences !== null) {
    hazards.push(team.lstm.predictBatch({ data: sequences, rows: count, columns: team.lstm.columns }));
  }
  const size = intervals.edges.length;
  const cap = intervals.atHorizon.at(-1)! + 1;
  // Over a wide span nothing is joined by positions: see `stackAnswers`.
  const life = isWide(intervals)
    ? new Float64Array(count)
    : team.life.predictBatch(matrix).map((position) => Math.min(cap, Math.max(0, position)));
  return { count, hazards, positions: [life, ...hazards.map((h) => expectedPositions(h, count, { size, cap }))] };
}

/** Hazards of coarse intervals spread evenly over the fine ones inside; beyond the last one its rate goes on. */
function refine(coarse: Float64Array, count: number, intervals: Intervals): Float64Array {
  const ends = coarseEnds(intervals);
  const { edges } = intervals;
  const fine = new Float64Array(count * edges.length);
  const final = ends.length - 1;
  for (let row = 0; row < count; row++) {
    let k = 0;
    for (let c = 0; c <= final; c++) {
      const end = ends[c]!;
      const from = c > 0 ? edges[ends[c - 1]!]! : 0;
      const survival = Math.log1p(-Math.min(1 - 1e-12, coarse[row * ends.length + c]!));
      for (; k <= (c === final ? edges.length - 1 : end); k++) {
        const width = edges[k]! - (k > 0 ? edges[k - 1]! : 0);
        fine[row * edges.length + k] = -Math.expm1((survival * width) / (edges[end]! - from));
      }
    }
  }
  return fine;
}

/** Expected position, capped: the sum of the chances to survive to the middle of each interval. */
function expectedPositions(
  hazards: Float64Array,
  count: number,
  { size, cap }: { size: number; cap: number },
): Float64Array {
  const positions = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    let survival = 1;
    for (let k = 0; k < cap; k++) {
      const next = survival * (1 - hazards[row * size + k]!);
      positions[row]! += (survival + next) / 2;
      survival = next;
    }
  }
  return positions;
}

/** The mean of several answers to the same rows. */
export function meanAnswers(all: readonly Answers[]): Answers {
  const mean = (arrays: readonly Float64Array[]): Float64Array => {
    if (arrays.length === 1) return arrays[0]!;
    const sum = new Float64Array(arrays[0]!.length);
    for (const array of arrays) for (let i = 0; i < sum.length; i++) sum[i]! += array[i]! / arrays.length;
    return sum;
  };
  const first = all[0]!;
  return {
    count: first.count,
    positions: first.positions.map((_, m) => mean(all.map((answers) => answers.positions[m]!))),
    hazards: first.hazards.map((_, m) => mean(all.map((answers) => answers.hazards[m]!))),
  };
}
