/** What it costs to ask about every entity at once: 10,000 of them, one thread, in the batches in which the program asks. */
import type { EntityHistory } from '../src/model/predictor.ts';
import { createHazardFactory } from '../src/predict/hazard/hazard-factory.ts';
import { widened } from './failure-fleet/widened.ts';
import { simulateFleet } from './failure-fleet/fleet.ts';
import { report } from './report.ts';

const ENTITIES = 10_000;
/** What the memory of live histories has room for at so many entities, and more: 130 rows of 30 features each. */
const ROWS = 130;
const FEATURES = 30;
const BATCH = 64;
const TRIES = 5;

const { columns, entities } = widened(simulateFleet({ seed: 1, entities: 60, days: 20, step: 300 }), FEATURES);
const outcome = await createHazardFactory().fit(
  { columns, entities },
  { horizons: [900, 3600, 21_600, 86_400, 604_800], unitMs: 1000, asked: 'later', seed: 1 },
);
if (!outcome.ready) throw new Error(outcome.missing.key);
const { predictor } = outcome;
const asked = Array.from({ length: ENTITIES }, (_, i): EntityHistory => {
  const from = entities[i % entities.length]!;
  const start = (i * 37) % (from.times.length - ROWS);
  return {
    ...from,
    times: from.times.slice(start, start + ROWS),
    values: from.values.slice(start * FEATURES, (start + ROWS) * FEATURES),
  };
});
const seconds: number[] = [];
for (let attempt = 0; attempt < TRIES; attempt++) {
  const { user, system } = process.cpuUsage();
  for (let from = 0; from < ENTITIES; from += BATCH) {
    const batch = asked.slice(from, from + BATCH);
    predictor.predict(
      batch.map((history) => ({ history, from: ROWS - 1, to: ROWS })),
      columns,
    );
  }
  const used = process.cpuUsage();
  seconds.push((used.user + used.system - user - system) / 1e6);
}
seconds.sort((a, b) => a - b);
report([
  {
    name: 'predict-seconds',
    value: seconds[TRIES >> 1]!,
    unit: 's of CPU',
    bound: 2,
    better: 'lower',
    note: `median of ${TRIES}, ${seconds[0]!.toFixed(2)} to ${seconds.at(-1)!.toFixed(2)}; ${ROWS} rows × ${FEATURES} features of history each, read anew`,
  },
]);
