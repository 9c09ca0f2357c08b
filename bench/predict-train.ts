/**
 * Five million frames of thirty features in the worker in which the program trains, while the built program watches a hundred
 * entities beside it. The histories lie in memory that the threads share.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EntityHistory } from '../src/model/predictor.ts';
import { failureFitThread } from '../src/predict/failures/fit-thread.ts';
import { COLUMNS } from './failure-fleet/kinds.ts';
import { BEGINNING, liveThrough } from './failure-fleet/life.ts';
import { widenInto } from './failure-fleet/widened.ts';
import { measure, quantile } from './process.ts';
import { report } from './report.ts';

const { values: given } = parseArgs({
  options: { frames: { type: 'string', default: '5000000' }, json: { type: 'string' } },
  strict: false,
});
const FRAMES = Number(given['frames']);
const FEATURES = 30;
const DAYS = 60;
const STEP = 300;
const DAY = 86_400;
const ENTITIES = 100;
const STEP_MS = 5000;
const HORIZONS = [900, 3600, 21_600, 86_400, 604_800];

/** A fleet in shared memory: as many entities as it takes. */
function histories(): EntityHistory[] {
  const all: EntityHistory[] = [];
  for (let rows = 0, entity = 0; rows < FRAMES; entity++) {
    const { history } = liveThrough({ seed: 1, entities: 0, days: DAYS, step: STEP }, entity);
    const count = Math.min(history.times.length, FRAMES - rows);
    const times = new Float64Array(new SharedArrayBuffer(8 * count));
    times.set(history.times.subarray(0, count));
    const values = new Float32Array(new SharedArrayBuffer(4 * count * FEATURES));
    const own = { ...history, times, values: history.values.subarray(0, count * COLUMNS.length) };
    widenInto({ history: own, columns: COLUMNS.length, features: FEATURES, seed: entity }, values);
    all.push({ ...own, values });
    rows += count;
  }
  return all;
}

/** The pipeline beside it: what comes in and how old its newest frame is, in steps. */
async function pipeline(signal: AbortSignal): Promise<number[]> {
  const vigia = await measure({ step: `${STEP_MS}ms`, collect: { host: { enabled: false } }, log: { level: 'warn' } });
  const lags: number[] = [];
  const text = (at: number): string =>
    Array.from(
      { length: ENTITIES * 10 },
      (_, i) => `bench_${i % 10}{entity="host/bench-${Math.floor(i / 10)}"} ${Math.sin(at + i)}`,
    ).join('\n');
  try {
    for (let at = 0; !signal.aborted; at++) {
      await fetch(`${vigia.url}/api/v1/samples`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'x-vigia': '1' },
        body: `${text(at)}\n`,
      });
      const answer = await fetch(`${vigia.url}/api/v1/entities/host/bench-${at % ENTITIES}`);
      const { lastFrame } = (await answer.json()) as { readonly lastFrame?: number | null };
      if (typeof lastFrame === 'number' && at > 30) lags.push((Date.now() - lastFrame - STEP_MS) / STEP_MS);
      await delay(1000, undefined, { signal }).catch(() => undefined);
    }
    return lags;
  } finally {
    await vigia.stop();
  }
}

/** The most that this process, with its worker, ever had in memory. */
const peakMegabytes = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

const entities = histories();
const done = new AbortController();
const watched = pipeline(done.signal);
await delay(40_000);
const fitter = failureFitThread();
const started = performance.now();
const fitted = await fitter.fit(
  {
    fleet: { columns: Array.from({ length: FEATURES }, (_, c) => `f${c}`), entities },
    cut: BEGINNING + (3 / 4) * DAYS * DAY,
    options: { horizons: HORIZONS, seed: 1, quiet: 0, budgetMs: 480_000 },
    mostJudged: 200_000,
    predictor: null,
  },
  { signal: AbortSignal.timeout(1_500_000), onProgress: () => undefined },
);
const minutes = (performance.now() - started) / 60_000;
const megabytes = peakMegabytes();
await fitter.close();
done.abort();
const lags = await watched;
const rows = entities.reduce((sum, { times }) => sum + times.length, 0);
const outcome = fitted.ready ? `${fitted.facts.rows} rows learnt from` : fitted.missing.key;
report([
  {
    name: 'train-minutes',
    value: fitted.ready ? minutes : Number.NaN,
    unit: 'min',
    bound: 20,
    better: 'lower',
    note: `${rows} rows × ${FEATURES}, judged on the newest quarter; ${outcome}`,
  },
  {
    name: 'train-mb',
    value: megabytes,
    unit: 'MB',
    bound: 2000,
    better: 'lower',
    note: 'highest resident size, with the histories themselves',
  },
  {
    name: 'train-lag',
    value: Math.max(...lags),
    unit: 'steps',
    bound: 2,
    better: 'lower',
    note: `age of the newest frame of ${ENTITIES} entities, ${lags.length} looks; median ${quantile(lags, 0.5).toFixed(2)}, step ${STEP_MS / 1000} s`,
  },
]);
