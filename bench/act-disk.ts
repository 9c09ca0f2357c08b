/** Cycle or replace a disk: the operator's next action from what happened before, split by time. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { matrixFromRows } from '../src/ml/matrix.ts';
import { createRandom } from '../src/ml/random.ts';
import { fitRandomForest } from '../src/ml/random-forest.ts';
import { report, type Row } from './report.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const file = join(
  resolve(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data'),
  'hpc-disk-actions/camp_formatted_data.csv',
);
const NAME = 'disk-actions';
/** The first part by time is learnt from. Leaves and columns were chosen on splits inside that part. */
const TRAIN_SHARE = 0.7;
const LEAF_ROWS = 5;
/** Slot, enclosure, server, rack, position, everything. */
const EVERY_PLACE = 6;
const SAMPLES = 2000;
const SEED = 3;

interface Happened {
  readonly time: number;
  readonly places: readonly string[];
  readonly replaced: boolean;
}

function read(precision: number): readonly Happened[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const of = (name: string): string => cells[names.indexOf(name)] ?? '';
    const [server, rack, enclosure, slot] = ['Server', 'Rack id', 'Enclosure', 'Slot'].map(of);
    return {
      // Whole hours: one script writes of cycles and another of replacements, each at its own minute.
      time: Math.floor(Date.parse(`${of('Timestamp')}Z`) / precision) * precision,
      // From the slot to all there is.
      places: [
        `${server}/${enclosure}/${slot}`,
        `${server}/${enclosure}`,
        `${server}`,
        `rack ${rack}`,
        `slot ${slot}`,
        'all',
      ],
      replaced: of('Action') === 'replacement',
    };
  });
}

/** How long ago the last cycle and replacement at a place were, and how many events it has seen. */
function featuresOf(known: readonly Happened[], time: number): number[] {
  const last = (replaced: boolean): number => {
    const found = known.findLast((one) => one.replaced === replaced);
    return found === undefined ? Number.NaN : Math.log1p((time - found.time) / DAY);
  };
  return [last(false), last(true), known.length];
}

/** Rows of what was known before each event. With `places` beyond the slot there is more to overfit and nothing to gain. */
function rowsOf(events: readonly Happened[], places: number): readonly number[][] {
  const before = new Map<string, Happened[]>();
  return events.map((event) => {
    const here = event.places.slice(0, places);
    // What is written at the same time was not known yet.
    const row = here.flatMap((place) =>
      featuresOf(
        (before.get(place) ?? []).filter(({ time }) => time < event.time),
        event.time,
      ),
    );
    for (const place of here) before.set(place, [...(before.get(place) ?? []), event]);
    return row;
  });
}

/** Mean of the shares that are right of each action. */
function balanced(said: readonly boolean[], truth: readonly boolean[]): number {
  const share = (action: boolean): number => {
    let [right, all] = [0, 0];
    truth.forEach((one, i) => {
      if (one !== action) return;
      all++;
      if (said[i] === action) right++;
    });
    return all === 0 ? 0.5 : right / all;
  };
  return (share(true) + share(false)) / 2;
}

/** 90 % interval by drawing events again. */
function intervalOf(said: readonly boolean[], truth: readonly boolean[]): readonly [number, number] {
  const random = createRandom(SEED);
  const drawn = Array.from({ length: SAMPLES }, () => {
    const picks = truth.map(() => random.int(truth.length));
    return balanced(
      picks.map((i) => said[i]!),
      picks.map((i) => truth[i]!),
    );
  }).sort((a, b) => a - b);
  return [drawn[Math.floor(0.05 * SAMPLES)]!, drawn[Math.floor(0.95 * SAMPLES)]!];
}

interface Measured {
  readonly ours: number;
  readonly low: number;
  readonly high: number;
  readonly rule: number;
  readonly days: number;
  readonly later: readonly boolean[];
}

function measure(events: readonly Happened[], places: number): Measured {
  const rows = rowsOf(events, places);
  const cut = Math.floor(events.length * TRAIN_SHARE);
  const truth = events.map(({ replaced }) => replaced);
  const learnt = truth.slice(0, cut);
  const share = learnt.filter(Boolean).length / cut;
  // Both actions weigh the same, so that the even odds are where balanced accuracy is best.
  const weights = learnt.map((replaced) => (replaced ? 0.5 / share : 0.5 / (1 - share)));
  const forest = fitRandomForest(
    { matrix: matrixFromRows(rows.slice(0, cut)), target: learnt.map(Number), weights },
    {
      seed: SEED,
      task: 'classification',
      trees: 300,
      minLeafRows: LEAF_ROWS,
      columnsPerSplit: Math.ceil(rows[0]!.length / 2),
    },
  );
  const out = new Float64Array(2);
  const said = rows.slice(cut).map((row) => forest.predictRow(Float64Array.from(row), out)[1]! > 0.5);
  const later = truth.slice(cut);
  // The rule: a slot that was heard of within so many days is replaced; how many, the older part says.
  const rule = (days: number) => (row: readonly number[]) =>
    Math.min(row[0] || Infinity, row[1] || Infinity) <= Math.log1p(days);
  const of = (days: number, part: readonly number[][], real: readonly boolean[]) =>
    balanced(part.map(rule(days)), real);
  const old = rows.slice(0, cut);
  const days = [1, 7, 30, 90, 180, 365].reduce((a, b) => (of(b, old, learnt) > of(a, old, learnt) ? b : a));
  const [low, high] = intervalOf(said, later);
  return { ours: balanced(said, later), low, high, rule: of(days, rows.slice(cut), later), days, later };
}

const percent = (share: number): string => (100 * share).toFixed(1);

function rowsFor(): readonly Row[] {
  const { ours, low, high, rule, days, later } = measure(read(HOUR), 1);
  const written = measure(read(1), EVERY_PLACE);
  const common = { unit: '', better: 'higher' } as const;
  const note = `${percent(ours)} % (${percent(low)} to ${percent(high)}) on ${later.length} later events, ${later.filter(Boolean).length} replacements`;
  return [
    { ...common, name: NAME, value: ours, bound: Math.max(0.5, rule), note },
    { ...common, name: `${NAME}-lower`, value: low, bound: rule, note: 'end of the 90 % interval, above the rule' },
    {
      ...common,
      name: `${NAME}-rule`,
      value: rule,
      bound: null,
      note: `replace what was heard of within ${days} days`,
    },
    { ...common, name: `${NAME}-majority`, value: 0.5, bound: null },
    {
      ...common,
      name: `${NAME}-with-minutes`,
      value: written.ours,
      bound: null,
      note: 'reads the minute at which each script writes: the answer, not a prediction; does not count',
    },
  ];
}

const absent: Row = { name: NAME, value: Number.NaN, unit: '', bound: 0.5, better: 'higher', note: `no data: ${file}` };
report(existsSync(file) ? rowsFor() : [absent]);
