import type { Json } from '../model/detector.ts';
import { decodeFloats, encodeFloats, grown } from './float-columns.ts';
import { coarsen, coarsenMore } from './short-floats.ts';

/** What is known of each feature, one number each; all are Float32, so that a restored state goes on bit-equal. */
const COLUMNS = [
  'seen', // values learnt
  'level', // robust mean of recent history
  'scale', // robust deviation from the level
  'short', // mean of the last few values
  'pace', // typical distance of a value from `short`
  'lean', // mean of the last few residuals, in deviations
  'last', // previous value
  'rise', // mean of the last few signs of change
  'usualRise', // the same over recent history
  'change', // share of values that differ from the one before
  'same', // equal values in a row
  'quantum', // smallest step seen
  'gap', // frames in a row without a value
  'usualGap', // mean length of such rows
  'beyond', // values in a row beyond the threshold of a channel
  'threshold0', // of each channel the 98 % quantile, and the mean excess beyond it
  'threshold1',
  'threshold2',
  'threshold3',
  'threshold4',
  'excess0',
  'excess1',
  'excess2',
  'excess3',
  'excess4',
  'missed', // values in a row beyond the threshold of the season's channel
  'out', // slow mean of how far values are out of what their time of day and week usually brings, with its sign
] as const;

type Column = (typeof COLUMNS)[number];
export type FeatureBank = Record<Column, Float32Array>;

/** How a channel's tail is taken to begin before anything is learnt: that of a normal distribution, or so; means of a few are narrower. */
const START: Readonly<Partial<Record<Column, number>>> = {
  last: Number.NaN,
  threshold0: 2.5,
  threshold1: 1.2,
  threshold2: 2.5,
  threshold3: 2.5,
  threshold4: 2.5,
  excess0: 0.8,
  excess1: 0.4,
  excess2: 0.8,
  excess3: 0.3,
  excess4: 0.8,
};

const fromColumns = (make: (column: Column, place: number) => Float32Array): FeatureBank =>
  Object.fromEntries(COLUMNS.map((column, place) => [column, make(column, place)])) as FeatureBank;

export const emptyBank = (): FeatureBank => fromColumns(() => new Float32Array(0));

/** The bank with room for `size` features; new ones know nothing. */
export const grownBank = (bank: FeatureBank, size: number): FeatureBank =>
  fromColumns((column) => grown(bank[column], size, START[column] ?? 0));

/** Columns of which a hundred-thousandth is nothing; the others are compared, count, or are as large as the values. */
const COARSE: readonly Column[] = [
  ...(['scale', 'pace', 'lean', 'rise', 'usualRise', 'change', 'usualGap', 'out'] as const),
  ...(['threshold0', 'threshold1', 'threshold2', 'threshold3', 'threshold4'] as const),
];
const COARSER = ['excess0', 'excess1', 'excess2', 'excess3', 'excess4'] as const;

/** Numbers as they are saved, so that a restored state goes on alike. */
export function settleBank(bank: FeatureBank): void {
  for (const column of COARSE) coarsen(bank[column]);
  for (const column of COARSER) coarsenMore(bank[column]);
}

export const saveBank = (bank: FeatureBank): Json => COLUMNS.map((column) => encodeFloats(bank[column]));

/** Throws `STATE_INVALID` when it is not a bank of `size` features. */
export function loadBank(state: Json | undefined, size: number, what: string): FeatureBank {
  const saved = Array.isArray(state) ? (state as readonly Json[]) : [];
  return fromColumns((_, place) => decodeFloats(saved[place], size, what));
}
