import { rocAuc } from '../../ml/ranking-metrics.ts';

/** Rows of a table, spread over all of it. */
export interface LeakRows {
  readonly columns: readonly string[];
  /** rows × columns, row-major, NaN where missing. */
  readonly values: Float32Array;
  /** Time to the next failure; Infinity where none was seen. */
  readonly ahead: Float64Array;
  /** Time since the last failure; Infinity before the first. */
  readonly since: Float64Array;
  /** Failures behind them. */
  readonly failures: number;
  /** The usual time between two rows of an entity. */
  readonly step: number;
}

/**
 * A feature that a model should not have been given:
 * - `knows`: it tells the future itself, as a label or a countdown would
 * - `at-failure`: it changes with the failure and not before, so it warns of nothing
 * - `aftermath`: it tells of the failure before, as what an incident process writes does
 */
export interface Leak {
  readonly column: string;
  readonly kind: 'knows' | 'at-failure' | 'aftermath';
  /** Chance that the feature ranks a row before a failure above another, from 0.5 (nothing) to 1. */
  readonly strength: number;
}

/** Fewest rows on either side for an area to be believed. */
const LEAST_ROWS = 20;
/** With fewer, whatever only grows, such as an uptime, runs along with the time that is left. */
const LEAST_FAILURES = 5;
/** Real measurements overlap; what separates better than this is the answer. */
const PERFECT = 0.999;
/** A label jumps: within each side it varies by less than this part of the jump. */
const FLAT = 0.2;
/** A countdown runs with the time that is left more closely than any wear does. */
const IN_STEP = 0.995;
const TELLING = 0.7;
const SURELY = 0.9;
const NOTHING = 0.55;

/** Looks at every feature alone. O(columns × rows × log rows). */
export function findLeaks(rows: LeakRows, horizons: readonly number[]): Leak[] {
  const leaks: Leak[] = [];
  for (const [column, name] of rows.columns.entries()) {
    const usable: number[] = [];
    for (let row = 0; row < rows.ahead.length; row++) {
      if (Number.isFinite(rows.values[row * rows.columns.length + column]!)) usable.push(row);
    }
    const feature: Feature = {
      value: Float64Array.from(usable, (row) => rows.values[row * rows.columns.length + column]!),
      ahead: Float64Array.from(usable, (row) => rows.ahead[row]!),
      since: Float64Array.from(usable, (row) => rows.since[row]!),
    };
    const found = knowsFuture(feature, horizons, rows.failures) ?? tellsLate(feature, horizons.at(-1)!, rows.step);
    if (found !== null) leaks.push({ column: name, ...found });
  }
  return leaks;
}

interface Feature {
  readonly value: Float64Array;
  readonly ahead: Float64Array;
  readonly since: Float64Array;
}

type Found = Omit<Leak, 'column'> | null;

function knowsFuture(feature: Feature, horizons: readonly number[], failures: number): Found {
  if (failures < LEAST_FAILURES) return null;
  for (const horizon of horizons) {
    const strength = separation(feature, (_, ahead) => ahead <= horizon);
    if (strength >= PERFECT && jumps(feature, horizon)) return { kind: 'knows', strength };
  }
  const strength = rankAgreement(feature);
  return strength >= IN_STEP ? { kind: 'knows', strength } : null;
}

function tellsLate(feature: Feature, horizon: number, step: number): Found {
  const all = separation(feature, (_, ahead) => ahead <= horizon);
  const last = separation(feature, (_, ahead) => ahead <= step);
  const earlier = separation(
    feature,
    (_, ahead) => ahead <= horizon,
    (_, ahead) => ahead > step,
  );
  if (horizon > 2 * step && last >= SURELY && earlier <= NOTHING) return { kind: 'at-failure', strength: last };
  const fresh = separation(
    feature,
    (_, ahead) => ahead <= horizon,
    (since) => since > horizon,
  );
  const after = separation(feature, (since) => since <= step);
  if (all >= TELLING && after >= SURELY && fresh <= NOTHING) return { kind: 'aftermath', strength: all };
  return null;
}

type Test = (since: number, ahead: number) => boolean;

/** Area under the curve, folded to 0.5 and above, of telling the rows that pass from the others; NaN where too few are on a side. */
function separation({ value, ahead, since }: Feature, positive: Test, counts: Test = () => true): number {
  const labels: number[] = [];
  const scores: number[] = [];
  for (let i = 0; i < value.length; i++) {
    if (!counts(since[i]!, ahead[i]!)) continue;
    labels.push(positive(since[i]!, ahead[i]!) ? 1 : 0);
    scores.push(value[i]!);
  }
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(positives, labels.length - positives) < LEAST_ROWS) return Number.NaN;
  const area = rocAuc(labels, scores);
  return Math.max(area, 1 - area);
}

/** Whether the feature has two levels, one before failures and one elsewhere. */
function jumps({ value, ahead }: Feature, horizon: number): boolean {
  const near = moments(value.filter((_, i) => ahead[i]! <= horizon));
  const far = moments(value.filter((_, i) => ahead[i]! > horizon));
  return Math.max(near.deviation, far.deviation) <= FLAT * Math.abs(near.mean - far.mean);
}

function moments(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** Rank correlation with the time that is left, without sign; 0 where too few failures were seen. */
function rankAgreement({ value, ahead }: Feature): number {
  const seen = Array.from(ahead.keys()).filter((i) => Number.isFinite(ahead[i]!));
  if (seen.length < LEAST_ROWS) return 0;
  const a = ranks(seen.map((i) => value[i]!));
  const b = ranks(seen.map((i) => ahead[i]!));
  const mean = (seen.length - 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - mean) * (b[i]! - mean);
    aa += (a[i]! - mean) ** 2;
    bb += (b[i]! - mean) ** 2;
  }
  return aa > 0 && bb > 0 ? Math.abs(ab) / Math.sqrt(aa * bb) : 0;
}

/** Ranks from 0, equal values sharing theirs. */
function ranks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((x, y) => values[x]! - values[y]!);
  const out = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) out[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return out;
}
