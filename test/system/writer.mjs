// Writes samples into a data folder until it is killed, and prints the number of each batch that was committed.
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [dist, folder, start] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(dist, file)).href);
const { openPgliteDatabase } = await load('store/pglite-database.js');
const { createStore } = await load('store/create-store.js');
const { systemClock } = await load('runtime/clock.js');

const database = await openPgliteDatabase({ folder, clock: systemClock });
const store = await createStore(database, { clock: systemClock, place: folder });
const series = Array.from({ length: 500 }, (_, i) => ({
  key: `m${i}`,
  name: `m${i}`,
  labels: {},
  type: 'gauge',
  unit: '',
  entity: 'host/a',
}));
for (let batch = Number(start); ; batch++) {
  await store.samples.append([
    {
      entity: 'host/a',
      fleet: 'default',
      source: 'push',
      receivedAt: Date.now(),
      series,
      times: new Float64Array(series.length).fill(Date.now() - 3_600_000 + batch),
      values: new Float64Array(series.length).fill(batch),
    },
  ]);
  process.stdout.write(`${batch}\n`);
}
