import { parseArgs } from 'node:util';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import { riskiestShare } from '../src/ml/probability-metrics.ts';
import { createHazardFactory } from '../src/predict/hazard/hazard-factory.ts';
import { CAP, readTurbofans } from './cmapss.ts';
import { report, type Row } from './report.ts';

/**
 * Remaining life and failure within 30 cycles on the turbofan sets, by what `vigia backtest --test` runs. `--sets`, `--seeds` and
 * `--horizons` choose a part of it.
 */
const { values: given } = parseArgs({
  options: {
    sets: { type: 'string' },
    seeds: { type: 'string' },
    horizons: { type: 'string' },
    verbose: { type: 'boolean' },
  },
  strict: false,
});
const list = (value: string | boolean | undefined, usual: string): string[] =>
  (typeof value === 'string' ? value : usual).split(',');
const HORIZONS = list(given['horizons'], '10,20,30,40,50,60,70,80,90,100,110,125').map(Number);
const WITHIN = 30;
const BOUNDS: Readonly<Record<string, { readonly rmse: number; readonly auprc: number }>> = {
  FD001: { rmse: 12, auprc: 0.96 },
  FD003: { rmse: 11, auprc: 0.97 },
};

interface Figures {
  readonly rmse: number;
  readonly uncapped: number;
  readonly auprc: number;
  readonly overall: number;
  readonly riskiest: number;
  readonly covered: number;
  readonly seconds: number;
  readonly note: string;
}

/** Figures of one set and seed. */
async function measure(folder: string, set: string, seed: number): Promise<Figures> {
  const { train, test, left } = readTurbofans(folder, set);
  const started = performance.now();
  const fitted = await createHazardFactory().fit(train, { horizons: HORIZONS, unitMs: null, asked: 'others', seed });
  if (!fitted.ready) throw new Error(fitted.missing.key);
  const { predictor } = fitted;
  const queries = test.entities.map((history) => ({ history, from: 0, to: history.times.length }));
  const trained = performance.now();
  const said = predictor.predict(queries, test.columns);
  const asked = performance.now() - trained;
  const truth = test.entities.flatMap(({ times }, unit) =>
    Array.from(times, (_, row) => left[unit]! + times.length - 1 - row),
  );
  const cap = HORIZONS.at(-1)!;
  let [squares, whole, covered, at] = [0, 0, 0, -1];
  for (const [unit, { times }] of test.entities.entries()) {
    at += times.length;
    squares += (Math.min(cap, left[unit]!) - said.expected[at]!) ** 2;
    whole += (left[unit]! - said.expected[at]!) ** 2;
    if (Math.min(cap, left[unit]!) >= said.low[at]! && Math.min(cap, left[unit]!) <= said.high[at]!) covered++;
  }
  const chances = Float64Array.from(
    truth,
    (_, row) => said.probabilities[row * HORIZONS.length + HORIZONS.indexOf(WITHIN)]!,
  );
  const labels = truth.map((cycles) => (cycles <= WITHIN ? 1 : 0));
  const sum = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((total, x) => total + x, 0);
  const top = riskiestShare(labels, chances);
  const byHorizon = HORIZONS.map((horizon, h) => {
    const p = truth.map((_, row) => said.probabilities[row * HORIZONS.length + h]!);
    return `${horizon}:${(sum(p) / sum(truth.map((c) => (c <= horizon ? 1 : 0)))).toFixed(2)}`;
  });
  const units = test.entities.length;
  return {
    rmse: Math.sqrt(squares / units),
    uncapped: Math.sqrt(whole / units),
    auprc: averagePrecision(labels, chances),
    overall: sum(chances) / sum(labels),
    riskiest: top.expected / top.observed,
    covered: covered / units,
    seconds: (trained - started) / 1000,
    note: `${JSON.stringify(predictor.facts)} predict ${asked.toFixed(0)} ms, ${byHorizon.join(' ')}, ${predictor.toBytes().length >> 10} KiB`,
  };
}

const mean = (all: readonly Figures[], pick: (figures: Figures) => number): number =>
  all.reduce((sum, figures) => sum + pick(figures) / all.length, 0);

const rows: Row[] = [];
for (const set of list(given['sets'], 'FD001,FD003')) {
  const all: Figures[] = [];
  for (const seed of list(given['seeds'], '1,2,3').map(Number)) {
    // oxlint-disable-next-line no-await-in-loop -- one training at a time, or their times would mean nothing
    const figures = await measure(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data', set, seed);
    if (given['verbose'] === true) process.stdout.write(`${set} ${seed} ${JSON.stringify(figures)}\n`);
    all.push(figures);
  }
  const name = `cmapss-${set.toLowerCase()}`;
  const note = `seeds ${all.map(({ rmse }) => rmse.toFixed(2)).join(' ')}; uncapped truth ${mean(all, (f) => f.uncapped).toFixed(2)}; interval of 80 % holds ${(100 * mean(all, (f) => f.covered)).toFixed(0)} %`;
  const bounds = BOUNDS[set];
  const ratio = { unit: 'expected / observed', better: 'lower' } as const;
  rows.push(
    {
      name: `${name}-rmse`,
      value: mean(all, (f) => f.rmse),
      unit: 'cycles',
      bound: bounds?.rmse ?? null,
      better: 'lower',
      note,
    },
    {
      name: `${name}-auprc30`,
      value: mean(all, (f) => f.auprc),
      unit: '',
      bound: bounds?.auprc ?? null,
      better: 'higher',
      note: `seeds ${all.map(({ auprc }) => auprc.toFixed(4)).join(' ')}`,
    },
    { ...ratio, name: `${name}-calibration`, value: mean(all, (f) => f.overall), bound: 1.25, note: 'at least .8 too' },
    {
      ...ratio,
      name: `${name}-calibration-riskiest`,
      value: mean(all, (f) => f.riskiest),
      bound: 1.25,
      note: `truth capped at ${CAP}`,
    },
    {
      name: `${name}-seconds`,
      value: mean(all, (f) => f.seconds),
      unit: 's',
      bound: null,
      better: 'lower',
      note: 'training, one thread',
    },
  );
}
report(rows);
