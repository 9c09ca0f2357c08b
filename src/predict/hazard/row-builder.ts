import type { EntityHistory, PredictorQuery } from '../../model/predictor.ts';
import { createFeatureReader, type FeatureModel } from './features.ts';
import type { LearntFeatures } from './choose-features.ts';
import type { Intervals } from './intervals.ts';
import type { MemberRows } from './members.ts';
import { type Channel, fillSequence, type SequenceShape, sequenceWidth } from './sequences.ts';

/** Everything that turns rows of a history into what members read. */
export interface RowModel {
  readonly features: FeatureModel;
  /** Null where there are no signals to follow. */
  readonly sequence: SequenceShape | null;
}

/** Steps of a sequence, of two rows each or more: about the 30 rows of the literature at half the price. */
export const STEPS = 15;
const ROWS_A_STEP = 2;
/** The part of the largest horizon that a sequence looks back over at least. */
const LOOK_BACK = 0.25;
/** How many times longer than the least stretches of one length may be. */
const UNEVEN = 3;
const MOST_SIGNALS = 12;
const MOST_FROM_START = 6;
const MOST_CONTEXT = 16;

/** The sequence that a network reads: the signals and features that boosting gained most by. */
export function sequenceFor({ model, gain, signalGain }: LearntFeatures, intervals: Intervals): SequenceShape | null {
  const { signals, scale } = model;
  if (signals.used.length === 0) return null;
  const best = fallingPlaces(signalGain).slice(0, MOST_SIGNALS);
  const channels: Channel[] = best.map((signal) => ({ signal, fromStart: false }));
  // Views of its own say it better where there are any: an entity that was watched for a month is not what it began as.
  const fromStart = signals.own === null ? MOST_FROM_START : 0;
  for (const signal of best.slice(0, fromStart)) channels.push({ signal, fromStart: true });
  return {
    steps: STEPS,
    backs: backsOf(scale.step, intervals.cap),
    channels,
    context: Int32Array.from(fallingPlaces(gain).slice(0, MOST_CONTEXT)),
  };
}

/**
 * Where stretches begin. Of one length, unless horizons are so much longer than steps that the last minutes would be lost in it: then
 * each is longer than the one after it, by the same factor.
 */
function backsOf(step: number, cap: number): number[] {
  const least = ROWS_A_STEP * step;
  const total = LOOK_BACK * cap;
  const places = Array.from({ length: STEPS }, (_, k) => k);
  if (total <= UNEVEN * STEPS * least) return places.map((k) => (k + 1) * Math.max(least, total / STEPS));
  const factor = (total / least) ** (1 / (STEPS - 1));
  return places.map((k) => Math.max((k + ROWS_A_STEP) * step, least * factor ** k));
}

const fallingPlaces = (values: Float64Array): number[] =>
  [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);

/** Rows of one entity. */
export interface PickedRows {
  readonly history: EntityHistory;
  /** In rising order. */
  readonly rows: ArrayLike<number>;
}

/** The rows of entities one after the other. */
export function buildRows(model: RowModel, picked: readonly PickedRows[], columns: readonly string[]): MemberRows {
  const count = picked.reduce((sum, { rows }) => sum + rows.length, 0);
  const width = model.features.specs.length;
  const features = new Float32Array(count * width);
  const shape = model.sequence;
  const length = shape === null ? 0 : sequenceWidth(shape);
  const sequences = shape === null ? null : new Float32Array(count * length);
  const reader = createFeatureReader(
    model.features,
    columns,
    shape?.channels.map(({ signal }) => signal),
  );
  let at = 0;
  for (const { history, rows } of picked) {
    const signals = reader.read({ history, rows }, features, at * width);
    if (shape !== null) {
      for (let i = 0; i < rows.length; i++) {
        const place = { signals, row: rows[i]!, features, featuresAt: (at + i) * width };
        fillSequence(shape, { ...place, out: sequences!, at: (at + i) * length });
      }
    }
    at += rows.length;
  }
  return { count, features, sequences };
}

/** The rows that queries ask for. */
export const queriedRows = (queries: readonly PredictorQuery[]): PickedRows[] =>
  queries.map(({ history, from, to }) => ({
    history,
    rows: Int32Array.from({ length: to - from }, (_, i) => from + i),
  }));
