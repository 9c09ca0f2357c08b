import type { EntityHistory } from '../../model/predictor.ts';
import { matchColumns, type SignalModel, type Signals, signalsOf } from './signals.ts';
import { createTraitReader, type Trait, type TraitScale } from './traits.ts';
import { createStatistics, SinceStart, windowStatistics } from './window-statistics.ts';

/** Statistics of a signal over one of the windows. */
const WINDOW_STATISTICS = ['mean', 'slope', 'deviation', 'missing'] as const;
/** Statistics of a signal since the entity's first row. */
const START_STATISTICS = ['last', 'start', 'from-start', 'from-mean', 'slope-since-start'] as const;

/** One number that boosting reads. `signal` counts the signals of a `SignalModel`, `window` its windows. */
export type FeatureSpec =
  | {
      readonly of: 'window';
      readonly signal: number;
      readonly statistic: (typeof WINDOW_STATISTICS)[number];
      readonly window: number;
    }
  | { readonly of: 'start'; readonly signal: number; readonly statistic: (typeof START_STATISTICS)[number] }
  | { readonly of: 'trait'; readonly trait: Trait };

export interface FeatureModel {
  readonly signals: SignalModel;
  /** Lengths of the windows in the unit of time, rising. */
  readonly windows: readonly number[];
  readonly scale: TraitScale;
  readonly specs: readonly FeatureSpec[];
}

/** Lengths in steps: the last few rows, about the 30 of the literature, and half as much again. */
const WINDOW_STEPS = [5, 15, 45] as const;
/** The window whose mean stands for now where it is compared with the entity's own past. */
const NOW_WINDOW = 1;

/** Windows of some steps, and where horizons are much longer than those, windows of their size. */
export function windowsOf({ step, cap }: TraitScale): number[] {
  const windows: number[] = WINDOW_STEPS.map((steps) => steps * step);
  const longest = windows.at(-1)!;
  const wide = cap / 3;
  if (wide > 2 * longest) windows.push(Math.sqrt(wide * longest), wide);
  return windows;
}

/** Every feature that could be of use: what is kept of them is chosen by boosting on a part of the rows. */
export function allSpecs(width: number, windows: number, traits: readonly Trait[]): FeatureSpec[] {
  const specs: FeatureSpec[] = traits.map((trait) => ({ of: 'trait', trait }));
  for (let signal = 0; signal < width; signal++) {
    for (const statistic of START_STATISTICS) specs.push({ of: 'start', signal, statistic });
    for (let window = 0; window < windows; window++) {
      specs.push({ of: 'window', signal, statistic: 'mean', window });
      if (window > 0) specs.push({ of: 'window', signal, statistic: 'slope', window });
      if (window === NOW_WINDOW) specs.push({ of: 'window', signal, statistic: 'deviation', window });
    }
    specs.push({ of: 'window', signal, statistic: 'missing', window: windows - 1 });
  }
  return specs;
}

/** Rows of one entity. */
export interface FeatureRows {
  readonly history: EntityHistory;
  /** In rising order. */
  readonly rows: ArrayLike<number>;
}

/** Turns rows into features, one entity after the other, in work space of its own. */
export interface FeatureReader {
  /**
   * Writes the features of the rows into `out` from `at`, row-major. Only rows up to each are read. Returns the signals up to the
   * last row; they stand until the next call.
   */
  read(asked: FeatureRows, out: Float32Array, at: number): Signals;
}

/** A reader of histories whose values are named by `columns`. */
export function createFeatureReader(model: FeatureModel, columns: readonly string[]): FeatureReader {
  const { specs, windows, scale } = model;
  const places = matchColumns(model.signals, columns);
  const width = model.signals.used.length + model.signals.fused;
  const statistics = windows.map(() => createStatistics(width));
  const needed = windows.map((_, window) => specs.some((spec) => usesWindow(spec, window)));
  const sinceStart = specs.some((spec) => spec.of === 'start' && spec.statistic !== 'last');
  const since = new SinceStart(width, scale.step);
  let space = new Float64Array(0);

  function read({ history, rows }: FeatureRows, out: Float32Array, at: number): Signals {
    const end = rows.length > 0 ? rows[rows.length - 1]! + 1 : 0;
    // With room to spare, so that entities of rising length do not each take new memory.
    if (space.length < end * width) space = new Float64Array(2 * end * width);
    const signals = signalsOf(model.signals, history, { places, rows: end, space });
    const reader = createTraitReader(history, scale);
    since.begin(signals);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (sinceStart) since.advance(row);
      for (let w = 0; w < windows.length; w++) {
        if (needed[w]) windowStatistics(signals, { row, length: windows[w]!, step: scale.step }, statistics[w]!);
      }
      describeRow(signals, row, reader, out.subarray(at + i * specs.length));
    }
    return signals;
  }

  // oxlint-disable-next-line eslint/max-params -- a row, what is read of it, where it goes
  function describeRow(
    signals: Signals,
    row: number,
    reader: (trait: Trait, row: number) => number,
    to: Float32Array,
  ): void {
    for (let f = 0; f < specs.length; f++) {
      const spec = specs[f]!;
      if (spec.of === 'trait') to[f] = reader(spec.trait, row);
      else if (spec.of === 'window') to[f] = statistics[spec.window]![spec.statistic][spec.signal]!;
      else to[f] = startStatistic(spec, statistics, since, signals.values[row * width + spec.signal]!);
    }
  }

  return { read };
}

const usesWindow = (spec: FeatureSpec, window: number): boolean =>
  (spec.of === 'window' && spec.window === window) ||
  (spec.of === 'start' && window === NOW_WINDOW && (spec.statistic === 'from-start' || spec.statistic === 'from-mean'));

function startStatistic(
  { signal, statistic }: Extract<FeatureSpec, { of: 'start' }>,
  statistics: readonly { readonly mean: Float64Array }[],
  since: SinceStart,
  last: number,
): number {
  switch (statistic) {
    case 'last':
      return last;
    case 'start':
      return since.start(signal);
    case 'from-start':
      return statistics[NOW_WINDOW]!.mean[signal]! - since.start(signal);
    case 'from-mean':
      return statistics[NOW_WINDOW]!.mean[signal]! - since.mean(signal);
    case 'slope-since-start':
      return since.slope(signal);
    default:
      return statistic satisfies never;
  }
}
