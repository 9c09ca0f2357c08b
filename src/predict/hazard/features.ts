import type { EntityHistory } from '../../model/predictor.ts';
import { isWritten, matchColumns, type SignalModel, type Signals, signalsOf, widthOf } from './signals.ts';
import { createTraitReader, type Trait, type TraitScale } from './traits.ts';
import { createStatistics, firstAfter, SinceStart, windowStatistics } from './window-statistics.ts';

/** Statistics of a signal over one of the windows. */
const WINDOW_STATISTICS = ['mean', 'slope', 'deviation', 'missing'] as const;
/** Statistics of a signal since the entity's first row. */
const START_STATISTICS = ['last', 'start', 'from-start', 'from-mean', 'slope-since-start'] as const;
/** How far a window's mean lies from the entity's own mean, or from that of a day before, in the entity's own deviations. */
const OWN_STATISTICS = ['from-own', 'from-yesterday'] as const;

/** One number that boosting reads. `signal` counts the signals of a `SignalModel`, `window` its windows. */
export type FeatureSpec =
  | {
      readonly of: 'window';
      readonly signal: number;
      readonly statistic: (typeof WINDOW_STATISTICS)[number];
      readonly window: number;
    }
  | { readonly of: 'start'; readonly signal: number; readonly statistic: (typeof START_STATISTICS)[number] }
  | {
      readonly of: 'own';
      readonly signal: number;
      readonly statistic: (typeof OWN_STATISTICS)[number];
      readonly window: number;
    }
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
/** And the last two, where horizons are much longer than steps: what is minutes old. */
const SHORTEST_STEPS = 2;
/** The window whose mean stands for now where it is compared with the entity's own past. */
const NOW_STEPS = 15;
/** Windows whose mean is compared with the day before. */
const DAILY_STEPS: readonly number[] = [15, 45];
const DAY_MS = 86_400_000;
/** A day is followed where it has so many steps. */
const LEAST_STEPS_A_DAY = 12;

/** Windows of some steps, and where horizons are much longer than those, windows of their size. */
export function windowsOf({ step, cap }: TraitScale): number[] {
  const windows: number[] = WINDOW_STEPS.map((steps) => steps * step);
  const longest = windows.at(-1)!;
  const wide = cap / 3;
  if (wide <= 2 * longest) return windows;
  return [SHORTEST_STEPS * step, ...windows, Math.sqrt(wide * longest), wide];
}

/** Place of the window that stands for now. */
const nowIn = (windows: readonly number[], step: number): number => Math.max(0, windows.indexOf(NOW_STEPS * step));

/**
 * Every feature that could be of use: what is kept of them is chosen by boosting on a part of the rows. Where signals have views of their
 * own, what is usual for the entity is in them.
 */
export function allSpecs(signals: SignalModel, traits: readonly Trait[], scale: TraitScale): FeatureSpec[] {
  const lengths = windowsOf(scale);
  const windows = lengths.length;
  const now = nowIn(lengths, scale.step);
  const days = dayOf(scale) === null ? [] : DAILY_STEPS.map((steps) => lengths.indexOf(steps * scale.step));
  const specs: FeatureSpec[] = traits.map((trait) => ({ of: 'trait', trait }));
  const width = widthOf(signals);
  for (let signal = 0; signal < width; signal++) {
    if (!isWritten(signals, signal)) continue;
    for (const statistic of signals.own === null ? START_STATISTICS : (['last'] as const))
      specs.push({ of: 'start', signal, statistic });
    for (let window = 0; window < windows; window++) {
      specs.push({ of: 'window', signal, statistic: 'mean', window });
      if (window > 0) specs.push({ of: 'window', signal, statistic: 'slope', window });
      if (window === now) specs.push({ of: 'window', signal, statistic: 'deviation', window });
    }
    specs.push({ of: 'window', signal, statistic: 'missing', window: windows - 1 });
    for (let window = 0; signals.own === null && window < windows; window++)
      specs.push({ of: 'own', signal, statistic: 'from-own', window });
    for (const window of days) specs.push({ of: 'own', signal, statistic: 'from-yesterday', window });
  }
  return specs;
}

/** A day in the unit of time; null where times are no dates, or steps too long. */
function dayOf({ unitMs, step }: TraitScale): number | null {
  const day = DAY_MS / (unitMs ?? Number.NaN);
  return day >= LEAST_STEPS_A_DAY * step ? day : null;
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
   * last row, those that specs and `also` name; they stand until the next call.
   */
  read(asked: FeatureRows, out: Float32Array, at: number): Signals;
}

/** A reader of histories whose values are named by `columns`; `also` are signals that are read of what it returns. */
export function createFeatureReader(
  model: FeatureModel,
  columns: readonly string[],
  also: readonly number[] = [],
): FeatureReader {
  const { specs, scale } = model;
  const places = matchColumns(model.signals, columns);
  const width = widthOf(model.signals);
  const wanted = new Uint8Array(width);
  for (const signal of [...signalsWhere(specs, () => true), ...also]) wanted[signal] = 1;
  const comparisons = createComparisons(model, width);
  let space = new Float64Array(0);

  function read({ history, rows }: FeatureRows, out: Float32Array, at: number): Signals {
    const end = rows.length > 0 ? rows[rows.length - 1]! + 1 : 0;
    // With room to spare, so that entities of rising length do not each take new memory.
    if (space.length < end * width) space = new Float64Array(2 * end * width);
    const signals = signalsOf(model.signals, history, { places, rows: end, space, wanted });
    const traits = createTraitReader(history, scale);
    comparisons.begin(signals);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      comparisons.look(row);
      const to = at + i * specs.length;
      for (let f = 0; f < specs.length; f++) {
        const spec = specs[f]!;
        out[to + f] = spec.of === 'trait' ? traits(spec.trait, row) : comparisons.of(spec);
      }
    }
    return signals;
  }

  return { read };
}

/** What one row's signals look like beside those before it. */
interface Comparisons {
  begin(signals: Signals): void;
  /** Turns to a row; rows must rise. */
  look(row: number): void;
  of(spec: SignalSpec): number;
}

type SignalSpec = Exclude<FeatureSpec, { of: 'trait' }>;

/** What is asked of each window, now and a day before. */
function wantedOf(specs: readonly FeatureSpec[], windows: number, now: number) {
  const places = Array.from({ length: windows }, (_, window) => window);
  return {
    needed: places.map((window) => {
      const all = signalsWhere(specs, (spec) => needsAll(spec, window));
      const used = signalsWhere(specs, (spec) => usesWindow(spec, window, now));
      return { all, means: used.filter((signal) => !all.includes(signal)) };
    }),
    daily: places.map((window) => ({
      all: NO_SIGNALS,
      means: signalsWhere(
        specs,
        (spec) => spec.of === 'own' && spec.statistic === 'from-yesterday' && spec.window === window,
      ),
    })),
  };
}

function createComparisons({ specs, windows, scale }: FeatureModel, width: number): Comparisons {
  const now = windows.map(() => createStatistics(width));
  const yesterday = windows.map(() => createStatistics(width));
  const nowWindow = nowIn(windows, scale.step);
  const { needed, daily } = wantedOf(specs, windows.length, nowWindow);
  const day = dayOf(scale) ?? Number.NaN;
  const started = signalsWhere(
    specs,
    (spec) => spec.of === 'own' || (spec.of === 'start' && spec.statistic !== 'last'),
  );
  // Beside the day before, the past is asked about only where there is such a day.
  const always = specs.some(
    (spec) =>
      (spec.of === 'own' && spec.statistic === 'from-own') || (spec.of === 'start' && spec.statistic !== 'last'),
  );
  const since = new SinceStart(width, scale.step, started);
  let signals: Signals;
  let last = 0;

  /** The same window a day before; missing where there is none. Rows that `since` passed over are taken when there is one. */
  function lookBack(row: number, window: number): void {
    const { times } = signals;
    const then = times[row]! - day;
    const before = firstAfter(times, then, row) - 1;
    const length = windows[window]!;
    if (before < 0 || times[before]! <= then - length) {
      yesterday[window]!.mean.fill(Number.NaN);
      return;
    }
    windowStatistics(signals, { row: before, length, step: scale.step }, yesterday[window]!, daily[window]!);
    since.advance(row);
  }

  return {
    begin: (all) => {
      signals = all;
      since.begin(all);
    },
    look: (row) => {
      last = row;
      if (always) since.advance(row);
      for (let w = 0; w < windows.length; w++) {
        if (needed[w]!.all.length + needed[w]!.means.length > 0)
          windowStatistics(signals, { row, length: windows[w]!, step: scale.step }, now[w]!, needed[w]!);
        if (daily[w]!.means.length > 0) lookBack(row, w);
      }
    },
    of: (spec) => {
      if (spec.of === 'window') return now[spec.window]![spec.statistic][spec.signal]!;
      if (spec.of === 'own') return ownStatistic(spec, { now, yesterday, since });
      return startStatistic(spec, now[nowWindow]!, since, signals.values[spec.signal * signals.rows + last]!);
    },
  };
}

/** Signals of the specs that are asked for, rising. */
function signalsWhere(specs: readonly FeatureSpec[], asked: (spec: FeatureSpec) => boolean): Int32Array {
  const found = new Set(specs.flatMap((spec) => (spec.of !== 'trait' && asked(spec) ? [spec.signal] : [])));
  return Int32Array.from(found).sort();
}

const NO_SIGNALS = new Int32Array(0);

/** Whether a spec asks a window for more than its mean. */
const needsAll = (spec: FeatureSpec, window: number): boolean =>
  spec.of === 'window' && spec.window === window && (spec.statistic === 'slope' || spec.statistic === 'deviation');

const usesWindow = (spec: FeatureSpec, window: number, now: number): boolean =>
  ((spec.of === 'window' || spec.of === 'own') && spec.window === window) ||
  (spec.of === 'start' && window === now && (spec.statistic === 'from-start' || spec.statistic === 'from-mean'));

type Means = readonly { readonly mean: Float64Array }[];

function ownStatistic(
  { signal, statistic, window }: Extract<FeatureSpec, { of: 'own' }>,
  { now, yesterday, since }: { readonly now: Means; readonly yesterday: Means; readonly since: SinceStart },
): number {
  const from = statistic === 'from-own' ? since.mean(signal) : yesterday[window]!.mean[signal]!;
  return (now[window]!.mean[signal]! - from) / since.deviation(signal);
}

function startStatistic(
  { signal, statistic }: Extract<FeatureSpec, { of: 'start' }>,
  now: { readonly mean: Float64Array },
  since: SinceStart,
  last: number,
): number {
  switch (statistic) {
    case 'last':
      return last;
    case 'start':
      return since.start(signal);
    case 'from-start':
      return now.mean[signal]! - since.start(signal);
    case 'from-mean':
      return now.mean[signal]! - since.mean(signal);
    case 'slope-since-start':
      return since.slope(signal);
    default:
      return statistic satisfies never;
  }
}
