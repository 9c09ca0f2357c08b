import { describe, expect, test } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { fitSequenceModel } from '../ml/sequence-model.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { ODD_LEVELS, ODD_SESSIONS_METRIC, SESSIONS_METRIC } from '../model/log-sequence.ts';
import { phrase } from '../model/phrase.ts';
import { SequenceWatch } from './sequence-watch.ts';
import { severityThresholds } from './severity.ts';

const STEP = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;
const START = 1_800_000_000_000;
const gauge = (metric: string, labels: Readonly<Record<string, string>> = {}) =>
  ({ name: `${metric}${labels['p'] ?? ''}`, metric, labels, kind: 'level', unit: '', limit: null }) as const;
const layout = internLayout([
  gauge('other'),
  gauge(SESSIONS_METRIC),
  ...ODD_LEVELS.map((level) => gauge(ODD_SESSIONS_METRIC, { p: String(level) })),
]);
/** Two pages and twenty warnings a day, ten entities. */
const day = 86_400_000;
const thresholds = severityThresholds(
  { pages: { count: 2, windowMs: day }, warnings: { count: 20, windowMs: day } },
  10,
);
const rules = {
  minimumDurationMs: 30_000,
  pace: 1,
  thresholds: () => thresholds,
  adoptMs: 6 * HOUR * STEP,
  adopted: () => ({ by: 'adopted', reason: phrase('detect.endAdopted', { seconds: 1 }) }) as const,
};

/** A minute in which sessions with these p-values ended. */
function frame(minute: number, pValues: readonly number[]): Frame {
  const time = START + minute * STEP;
  const odd = ODD_LEVELS.map((level) => pValues.filter((p) => p <= level).length);
  const values = Float32Array.of(1, ...(pValues.length === 0 ? [NaN, NaN, NaN] : [pValues.length, ...odd]));
  return {
    entity: 'service/shop',
    fleet: 'default',
    time,
    stepMs: STEP,
    layout,
    values,
    derived: values,
    closedAt: time + STEP,
  };
}

const random = createRandom(3);
/** A request with reads, retries now and then, and one way out of three. */
function session(): number[] {
  const reads = Array.from({ length: 1 + random.int(5) }, () => [3, ...(random.next() < 0.05 ? [9, 3] : []), 4]).flat();
  return [1, 2, ...reads, ...(random.next() < 0.2 ? [7] : []), 5 + (random.next() < 0.02 ? 3 : 0), 6];
}
const model = fitSequenceModel(Array.from({ length: 5000 }, session));
/** What it says of sessions that it has not seen. */
const pool = Array.from({ length: 20_000 }, () => model.score(session()).pValue);
const minuteOf = (sessions: number): number[] => Array.from({ length: sessions }, () => pool[random.int(pool.length)]!);
/** Calm by day and by night. */
const load = (minute: number): number => random.int(4 + Math.round(12 * (1 + Math.sin((2 * Math.PI * minute) / DAY))));

/** Plays minutes; what was told of each anomaly last. */
function play(watch: SequenceWatch, from: number, to: number, of: (minute: number) => readonly number[]) {
  const told = new Map<string, Anomaly>();
  for (let minute = from; minute < to; minute++) {
    const change = watch.take(frame(minute, of(minute)), rules);
    if (change !== null) told.set(change.id, change);
  }
  return [...told.values()];
}

describe('sessions of logs', () => {
  test('says nothing that counts in sixty quiet days', () => {
    const told = play(new SequenceWatch(STEP), 0, 60 * DAY, (minute) => minuteOf(load(minute)));
    const warnings = told.filter(({ severity }) => severity !== 'info').length;
    // oxlint-disable-next-line no-console -- the figure is what the test is for
    console.log(`sixty quiet days: ${told.length} told, ${warnings} of them warnings`);
    expect(warnings).toBe(0);
    expect(told.length).toBeLessThanOrEqual(6);
  });

  test('one odd session in ten thousand is nothing, whenever it comes', () => {
    const told = play(new SequenceWatch(STEP), 0, 10 * DAY, (minute) =>
      minute % 1000 === 0 ? [1e-4] : Array<number>(10).fill(0.5),
    );
    expect(told).toEqual([]);
  });

  test('a handful of rare ones among the others warns, and it ends when they do', () => {
    const watch = new SequenceWatch(STEP);
    const bad = (minute: number): readonly number[] => [...minuteOf(8), ...(minute % 2 === 0 ? [1e-4, 1e-4] : [])];
    play(watch, 0, 2 * DAY, () => minuteOf(8));
    const told = play(watch, 2 * DAY, 2 * DAY + 20, bad);
    expect(told).toMatchObject([{ kind: 'log_sequence', severity: 'warning', end: null }]);
    expect(told[0]!.kindReason).toMatchObject({ key: 'detect.kindLogSequence' });
    expect(told[0]!.contributions.every(({ feature }) => feature.startsWith(ODD_SESSIONS_METRIC))).toBe(true);
    const after = play(watch, 2 * DAY + 20, 2 * DAY + 60, () => minuteOf(8).map((p) => Math.max(p, 0.02)));
    expect(after).toMatchObject([{ id: told[0]!.id, ending: { by: 'calm' } }]);
  });

  test('what is usual here is nothing, and a change that lasts becomes usual', () => {
    const watch = new SequenceWatch(STEP);
    const often = (): readonly number[] => minuteOf(10).map((p) => (random.next() < 0.05 ? 0.001 : p));
    expect(play(watch, 0, DAY, often)).toEqual([]);
    const other = (): readonly number[] => minuteOf(10).map((p) => (random.next() < 0.5 ? 0.001 : p));
    expect(play(watch, DAY, DAY + 7 * HOUR, other)).toMatchObject([{ ending: { by: 'adopted' } }]);
    expect(play(watch, DAY + 7 * HOUR, DAY + 20 * HOUR, other)).toEqual([]);
  });

  test('goes on from what was kept to the bit', () => {
    const watch = new SequenceWatch(STEP);
    play(watch, 0, 130, () => minuteOf(8));
    const bad = Array.from({ length: 40 }, () => [...minuteOf(6), 1e-4]);
    const again = new SequenceWatch(STEP);
    play(watch, 130, 150, (minute) => bad[minute - 130]!);
    again.restore(JSON.parse(JSON.stringify(watch.toJSON())) as never);
    const rest = (minute: number): readonly number[] => bad[minute - 130]!;
    expect(play(again, 150, 170, rest)).toEqual(play(watch, 150, 170, rest));
    expect(again.toJSON()).toEqual(watch.toJSON());
  });
});
