import pg from 'pg';
import { expect, it } from 'vitest';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import { FAILURE_MODEL } from '../../src/model/failure-model.ts';
import { DERIVED, type Frame, type RollupFrame } from '../../src/model/frame.ts';
import { internLayout } from '../../src/model/layout.ts';
import type { Prediction } from '../../src/model/prediction.ts';
import type { EntityHistory } from '../../src/model/predictor.ts';
import { topics } from '../../src/model/topics.ts';
import { createHazardFactory } from '../../src/predict/hazard/hazard-factory.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { createStore } from '../../src/store/create-store.ts';
import { openPostgresDatabase } from '../../src/store/postgres-database.ts';
import type { Store } from '../../src/store/store.ts';
import type { PostgresServer } from '../system/postgres.ts';
import { eventually } from '../system/vigia.ts';
import type { Cluster } from './kafka-cluster.ts';
import { type StageProcess, startStages } from './stage-process.ts';

const PATIENCE = 120_000;
const PREFIX = 'predictions.';
const PARTITIONS = 6;
const DATABASE = 'predictions';
const MODEL = 'worn out';

/** Disks that fill up: what is left of them is followed frame by frame. */
const VOLUMES = 8;
const STEPS = 240;
const volumeLayout = internLayout([
  { name: 'used', metric: 'used', labels: {}, kind: 'level', unit: '', limit: { side: 'above', value: 100 } },
]);

/** Hosts that wear out, by frames of minutes. */
const HOSTS = 6;
const HOUR_MS = 3_600_000;
const ROW_MS = 5 * 60_000;
const ROWS = 600;
const hostLayout = internLayout(
  ['wear', 'load'].map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);
/** Seconds. */
const HORIZONS = [3600, 10_800];
/** Hours from one failure to the next. */
const APART = [5, 9, 6, 11, 4, 8, 12, 7];

const entity = (id: string, at: number) => {
  const [kind = '', name = ''] = id.split('/');
  return { id, kind, name, fleet: 'default', labels: {}, firstSeen: at, lastSeen: at };
};

function failuresOf(host: number, start: number): number[] {
  const times: number[] = [];
  let time = start + (host + 1) * 50 * 60_000;
  for (let k = host; times.length < 20; time += APART[k++ % APART.length]! * HOUR_MS) times.push(time);
  return times;
}

function rowOf(host: number, time: number, start: number): Float32Array {
  const next = failuresOf(host, start).find((failure) => failure > time) ?? Infinity;
  const wear = Math.max(0, 1 - (next - time) / (1.5 * HOUR_MS)) * 10 + Math.sin(time / 7919 + host);
  return Float32Array.of(wear, 50 + Math.sin(time / HOUR_MS));
}

const timesOf = (start: number): number[] => Array.from({ length: ROWS }, (_, i) => start + i * ROW_MS);

/** Nobody judged it: only the horizons are of interest here. */
const figuresOf = (seconds: number) => ({
  seconds,
  rows: 0,
  positives: 0,
  baseRate: 0.1,
  averagePrecision: null,
  brierSkill: null,
  expectedOverObserved: null,
  reliability: [],
  threshold: null,
  precision: null,
  recall: null,
});

/** A model learnt from what the hosts went through, in force for all of them. */
async function putModel(store: Store, start: number): Promise<void> {
  const entities = Array.from({ length: HOSTS }, (_, host): EntityHistory => {
    const times = timesOf(start);
    return {
      entity: `host/${host}`,
      times: Float64Array.from(times, (time) => (time + ROW_MS) / 1000),
      values: Float32Array.from(times.flatMap((time) => Array.from(rowOf(host, time, start)))),
      failures: failuresOf(host, start).map((time) => ({ time: time / 1000, kind: 'worn' })),
      events: [],
      observedFrom: start / 1000,
      observedTo: (start + ROWS * ROW_MS) / 1000,
    };
  });
  const columns = ['wear', 'load'];
  const options = { horizons: HORIZONS, unitMs: 1000, asked: 'later', seed: 1, budgetMs: 5000 } as const;
  const fitted = await createHazardFactory().fit({ columns, entities }, options);
  if (!fitted.ready) throw new Error('nothing was learnt');
  const { rows, failures } = fitted.predictor.facts;
  await store.models.upsert(
    {
      id: MODEL,
      kind: FAILURE_MODEL,
      version: '1',
      scope: 'host',
      state: 'champion',
      trainedFrom: start,
      trainedTo: start + ROWS * ROW_MS,
      metrics: {},
      reason: '',
      createdAt: start,
      detail: {
        factory: createHazardFactory().kind,
        parent: null,
        columns,
        cadenceMs: ROW_MS,
        judgedTo: start + ROWS * ROW_MS,
        rows,
        entities: HOSTS,
        failures,
        horizons: HORIZONS.map(figuresOf),
        bins: [],
        trainingSeconds: 1,
      },
    },
    fitted.predictor.toBytes(),
  );
}

/** One, two and four processes that predict come to the same bits; the cluster and the server are those of others. */
export function checkSamePredictions(
  within: () => { readonly cluster: Cluster; readonly server: PostgresServer },
): void {
  it('predict the same to the last bit, one of them, two or four', async () => {
    const { cluster, server } = within();
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`create database ${DATABASE}`);
    await admin.end();
    const url = new URL(server.url);
    url.pathname = `/${DATABASE}`;
    const database = openPostgresDatabase({
      url: url.href,
      clock: systemClock,
      poolSize: 2,
      statementTimeoutMs: 60_000,
    });
    const store = await createStore(database, { clock: systemClock, place: url.host });
    const brokers = cluster.addresses;
    const topicDefaults = { partitions: PARTITIONS, replication: 1, retentionMs: HOUR_MS };
    const bus = createKafkaBus(
      { brokers, clientId: 'feeder', prefix: PREFIX, topicDefaults },
      { clock: systemClock, log: silentLog, metrics: createMetrics(), deadLetters: async () => undefined },
    );
    await bus.start();
    const running = new Map<string, StageProcess>();
    const config = {
      step: '1s',
      store: { url: url.href },
      bus: { kafka: { brokers, prefix: PREFIX, partitions: PARTITIONS, session: '6s' } },
      predict: { horizons: ['1h', '3h'], every: '10s' },
    };
    const instances = async (wanted: number): Promise<void> => {
      for (let n = running.size; n < wanted; n += 1)
        running.set(`predict-${n}`, await startStages({ name: `predict-${n}`, stages: 'predict', config }));
      await eventually(`${wanted} share the partitions`, PATIENCE, async () => {
        const held = await Promise.all([...running.values()].map((one) => one.metric('vigia_bus_partitions')));
        return held.every((count) => count > 0) && held.reduce((sum, count) => sum + count, 0) === PARTITIONS;
      });
    };
    try {
      // What will run out, said by whoever has the partition. Frames of a little later, so that nobody has fallen silent.
      const begin = Math.ceil(Date.now() / 1000) * 1000 + 10 * 60_000;
      const said = async (group: string): Promise<readonly (readonly unknown[])[]> => {
        const found: (readonly unknown[])[] = [];
        for (let v = 0; v < VOLUMES; v += 1) {
          const query = { limit: 10, cursor: null, entity: `volume/${group}-${v}` };
          const told = (await store.predictions.list(query)).items.map(
            ({ id: _id, entity: _entity, drivers: _drivers, ...rest }: Prediction) => rest,
          );
          found.push(told);
        }
        return found;
      };
      const groups: (readonly unknown[])[] = [];
      const fill = async (group: string): Promise<void> => {
        const ids = Array.from({ length: VOLUMES }, (_, v) => `volume/${group}-${v}`);
        await store.entities.upsert(ids.map((id) => entity(id, begin)));
        for (let step = 0; step < STEPS; step += 1) {
          const frames = ids.map((id, v): Frame => ({
            entity: id,
            fleet: 'default',
            time: begin + step * 1000,
            stepMs: 1000,
            layout: volumeLayout,
            values: Float32Array.of(40 + (0.1 + 0.015 * v) * step + ((step * 37 + v * 11) % 13) / 50),
            derived: new Float32Array(DERIVED.length),
            closedAt: begin + step * 1000,
          }));
          await store.frames.append(frames);
          await bus.publish(
            topics.frames,
            frames.map((frame) => ({ key: frame.entity, value: frame })),
          );
        }
        await eventually(`${group} is done`, PATIENCE, async () => {
          const sumOf = async (metric: string): Promise<number> =>
            (await Promise.all([...running.values()].map((one) => one.metric(metric)))).reduce((sum, n) => sum + n, 0);
          const published = (groups.length + 1) * VOLUMES * STEPS;
          return (await sumOf('vigia_stage_messages_total')) >= published && (await sumOf('vigia_bus_lag')) === 0;
        });
      };
      for (const count of [1, 2, 4]) {
        await instances(count);
        await fill(`of-${count}`);
        groups.push(await said(`of-${count}`));
      }
      expect(groups[0]!.flat()).toHaveLength(VOLUMES);
      expect(groups[1]).toEqual(groups[0]);
      expect(groups[2]).toEqual(groups[0]);

      // What will fail, said by the one whose duty it is, from what is stored.
      const start = Math.floor((Date.now() - (ROWS + 2) * ROW_MS) / ROW_MS) * ROW_MS;
      const hosts = Array.from({ length: HOSTS }, (_, host) => `host/${host}`);
      await store.entities.upsert(hosts.map((id) => entity(id, start)));
      await store.frames.append(
        hosts.map((id, host): Frame => {
          const [time, values] = [start, rowOf(host, start, start)];
          const derived = new Float32Array(values.length * DERIVED.length);
          return {
            entity: id,
            fleet: 'default',
            time,
            stepMs: 1000,
            layout: hostLayout,
            values,
            derived,
            closedAt: time,
          };
        }),
      );
      for (const [host, id] of hosts.entries()) {
        const frames = timesOf(start).map((time): RollupFrame => {
          const mean = rowOf(host, time, start);
          return { entity: id, time, stepMs: 60_000, layout: hostLayout, mean, low: mean, high: mean };
        });
        await store.frames.appendRollups('minute', frames);
      }
      await putModel(store, start);
      const everything = { from: 0, to: Date.now() + HOUR_MS };
      const forecast = () =>
        eventually('the model was asked', PATIENCE, async () =>
          (await store.forecasts.read(MODEL, everything, 10)).at(-1),
        );
      const holder = async (): Promise<string> => {
        const client = new pg.Client({ connectionString: url.href });
        await client.connect();
        const { rows } = await client.query<{ holder: string }>(
          `select holder from leases where name = 'failure risks'`,
        );
        await client.query('delete from forecasts');
        await client.end();
        return rows[0]!.holder;
      };
      const byFour = await forecast();
      expect(byFour.entities).toEqual(hosts);
      expect(byFour.probabilities.some((probability) => probability > 0 && probability < 1)).toBe(true);
      for (const left of [2, 1]) {
        // Whoever had the duty ends, and so does somebody else.
        const first = await holder();
        for (const name of [first, ...[...running.keys()].filter((one) => one !== first)].slice(
          0,
          running.size - left,
        )) {
          expect(await running.get(name)!.stop()).toBe(0);
          running.delete(name);
        }
        const again = await forecast();
        expect(again.time).toBe(byFour.time);
        expect(again.entities).toEqual(byFour.entities);
        expect(again.probabilities).toEqual(byFour.probabilities);
      }
    } finally {
      for (const one of running.values()) await one.stop('SIGKILL');
      await bus.stop(0);
      await store.close();
    }
  }, 600_000);
}
