/**
 * What the database makes of measurements: how far TimescaleDB compresses a day of host metrics, and which way bulk
 * rows go in fastest. TimescaleDB is the one within PGlite; the server is Debian's PostgreSQL.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sql } from 'kysely';
import pg from 'pg';
import type { Frame } from '../src/model/frame.ts';
import { internLayout } from '../src/model/layout.ts';
import type { Series } from '../src/model/series.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createStore } from '../src/store/create-store.ts';
import { countOf, type Database, rowsOf } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { openPostgresDatabase } from '../src/store/postgres-database.ts';
import { type SampleColumns, sampleInsertion } from '../src/store/sample-columns.ts';
import type { Store } from '../src/store/store.ts';
import { openTimescaleDatabase } from '../test/distributed/timescale.ts';
import { findPostgres, startPostgres } from '../test/system/postgres.ts';
import type { Row } from './report.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The first is there for the chunks to find their length, the second is measured. */
const DAYS = 2;
const COMPRESSION_BOUND = 8;

/** A machine of the Server Machine Dataset: a row a minute, one column a metric. */
interface Machine {
  readonly name: string;
  readonly rows: readonly Float64Array[];
}

function readMachines(folder: string): readonly Machine[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.csv.gz'))
    .toSorted()
    .map((file) => {
      const lines = gunzipSync(readFileSync(join(folder, file)))
        .toString()
        .trimEnd()
        .split('\n');
      const rows = lines
        .map((line) => Float64Array.from(line.split(','), Number))
        .filter((row) => row.every(Number.isFinite))
        .slice(0, (DAYS * DAY) / MINUTE);
      return { name: file.replace('.csv.gz', ''), rows };
    });
}

/** Writes all machines from `start` on, an hour at a time, with the hourly maintenance of a running Vigía. */
async function writeMachines(
  store: Store,
  machines: readonly Machine[],
  at: { start: number; now: number },
): Promise<void> {
  const described = machines.map(({ name, rows }) => {
    const entity = `host/${name}`;
    const names = Array.from(rows[0] ?? [], (_, i) => `metric_${i + 1}`);
    const series = names.map((metric): Series => ({
      key: `${metric}{host="${name}"}`,
      name: metric,
      labels: { host: name },
      type: 'gauge',
      unit: '',
      entity,
    }));
    const layout = internLayout(
      names.map((metric) => ({ name: metric, metric, labels: {}, kind: 'level', unit: '', limit: null })),
    );
    return { entity, rows, series, layout };
  });
  for (let hour = 0; hour < (DAYS * DAY) / HOUR; hour++) {
    const from = at.start + hour * HOUR;
    at.now = from + HOUR;
    for (const { entity, rows, series, layout } of described) {
      const some = rows.slice(hour * 60, hour * 60 + 60);
      if (some.length === 0) continue;
      const width = series.length;
      await store.samples.append([
        {
          entity,
          fleet: 'default',
          source: 'push',
          receivedAt: at.now,
          series: some.flatMap(() => series),
          times: Float64Array.from({ length: some.length * width }, (_, i) => from + Math.floor(i / width) * MINUTE),
          values: Float64Array.from(
            { length: some.length * width },
            (_, i) => some[Math.floor(i / width)]![i % width]!,
          ),
        },
      ]);
      await store.frames.append(
        some.map((row, minute): Frame => ({
          entity,
          fleet: 'default',
          time: from + minute * MINUTE,
          stepMs: MINUTE,
          layout,
          values: Float32Array.from(row),
          derived: new Float32Array(0),
          closedAt: from + (minute + 1) * MINUTE,
        })),
      );
    }
    await store.maintenance.retain(at.now);
  }
}

/** Bytes before and after of the chunks of a table that begin on the last day. */
async function compressed(database: Database, table: string, from: number): Promise<{ before: number; after: number }> {
  const chunks = await rowsOf(
    database.sql,
    sql<{ chunk: string }>`select format('%I.%I', chunk_schema, chunk_name) as chunk
      from timescaledb_information.chunks where hypertable_name = ${table}
        and range_start >= ${new Date(from).toISOString()}::timestamptz and range_end <= ${new Date(from + DAY).toISOString()}::timestamptz`,
  );
  for (const { chunk } of chunks) {
    await sql`select compress_chunk(${chunk}::regclass, if_not_compressed => true)`.execute(database.sql);
  }
  const [sizes] = await rowsOf(
    database.sql,
    sql<{ before: number; after: number }>`select sum(before_compression_total_bytes)::int8 as before,
      sum(after_compression_total_bytes)::int8 as after from chunk_compression_stats(${table}::regclass)`,
  );
  return sizes!;
}

const missing = (note: string): Row => ({
  name: 'timescale-compression',
  value: Number.NaN,
  unit: 'times',
  bound: COMPRESSION_BOUND,
  better: 'higher',
  note,
});

/** Row `timescale-compression`, and what it is made of. */
export async function benchCompression(data: string): Promise<readonly Row[]> {
  const folder = join(data, 'smd', 'train');
  if (!existsSync(folder)) return [missing(`no ${folder}`)];
  const machines = readMachines(folder);
  const start = Math.floor(Date.now() / DAY) * DAY - DAYS * DAY;
  const at = { start, now: start };
  const database = await openTimescaleDatabase();
  const store = await createStore(database, { clock: { ...systemClock, now: () => at.now }, place: 'the server' });
  try {
    await writeMachines(store, machines, at);
    const samples = await compressed(database, 'samples', start + DAY);
    const frames = await compressed(database, 'frames_step', start + DAY);
    const count = machines.reduce(
      (sum, { rows }) => sum + Math.max(0, rows.length - DAY / MINUTE) * rows[0]!.length,
      0,
    );
    const row = (name: string, value: number, unit: string, note: string): Row => ({
      name,
      value,
      unit,
      bound: null,
      better: 'higher',
      note,
    });
    return [
      {
        ...row(
          'timescale-compression',
          samples.before / samples.after,
          'times',
          `samples of ${machines.length} hosts, with indexes`,
        ),
        bound: COMPRESSION_BOUND,
      },
      row('timescale-compression-frames', frames.before / frames.after, 'times', 'step frames of the same day'),
      { ...row('timescale-sample-bytes', samples.before / count, 'bytes', 'a sample before'), better: 'lower' },
      {
        ...row('timescale-sample-bytes-compressed', samples.after / count, 'bytes', 'a sample after'),
        better: 'lower',
      },
    ];
  } finally {
    await store.close();
  }
}

const ROWS = 5000;
const BATCHES = 100;

/** COPY in PostgreSQL's binary format: signature, flags, then each row with the length of every field. */
function copyBytes({ series, times, values }: SampleColumns): Buffer {
  const bytes = Buffer.alloc(19 + series.length * 34 + 2);
  bytes.write('PGCOPY\n\xFF\r\n\0', 'latin1');
  let at = 19;
  for (let i = 0; i < series.length; i++) {
    bytes.writeInt16BE(3, at);
    bytes.writeInt32BE(4, at + 2);
    bytes.writeInt32BE(series[i]!, at + 6);
    bytes.writeInt32BE(8, at + 10);
    bytes.writeBigInt64BE(BigInt(times[i]! - 946_684_800_000) * 1000n, at + 14);
    bytes.writeInt32BE(8, at + 22);
    bytes.writeDoubleBE(values[i]!, at + 26);
    at += 34;
  }
  bytes.writeInt16BE(-1, at);
  return bytes;
}

/** What pg calls on a query of its own kind; its types do not tell. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(bytes: Buffer): void;
  endCopyFrom(): void;
}

const copyInto = (client: pg.Client, table: string, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const copy = {
      submit: (connection: CopyConnection) =>
        connection.query(`copy ${table} (series, time, value) from stdin (format binary)`),
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(bytes);
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    };
    client.query(copy as unknown as pg.Submittable);
  });

const columnsOf = (batch: number, from: number): SampleColumns => ({
  series: Int32Array.from({ length: ROWS }, (_, i) => i + 1),
  times: new Float64Array(ROWS).fill(from + batch * 1000),
  values: Float64Array.from({ length: ROWS }, (_, i) => Math.sin(batch + i)),
});

/** Rows a second of each way of writing samples, on Debian's server with its defaults and fsync off. */
export async function benchBulkWrites(): Promise<readonly Row[]> {
  const bin = findPostgres();
  if (bin === null) return [];
  const server = await startPostgres(bin);
  const database = openPostgresDatabase({ url: server.url });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await migrate(database, { place: 'the server', now: 0 });
    await client.connect();
    await client.query('create temp table staged (series int, time timestamptz, value float8)');
    const from = Date.UTC(2026, 0, 1);
    await client.query(
      "create table samples_bench partition of samples for values from ('2026-01-01') to ('2026-02-01')",
    );
    const ways: Record<string, (columns: SampleColumns) => Promise<unknown>> = {
      'bulk-unnest': (columns) => countOf(database.sql, sampleInsertion(columns)),
      'bulk-copy-staged': async (columns) => {
        await client.query('begin');
        await copyInto(client, 'staged', copyBytes(columns));
        await client.query('insert into samples select series, time, value from staged on conflict do nothing');
        await client.query('truncate staged');
        await client.query('commit');
      },
      'bulk-copy-direct': (columns) => copyInto(client, 'samples', copyBytes(columns)),
    };
    const notes: Record<string, string> = {
      'bulk-unnest': 'what Vigía does: binary arrays, repeats ignored',
      'bulk-copy-staged': 'COPY into a temporary table, then insert: repeats ignored',
      'bulk-copy-direct': 'COPY alone: one repeat fails all',
    };
    const rows: Row[] = [];
    let batch = 0;
    for (const [name, write] of Object.entries(ways)) {
      await write(columnsOf(batch++, from));
      const began = performance.now();
      for (let i = 0; i < BATCHES; i++) await write(columnsOf(batch++, from));
      const value = (BATCHES * ROWS) / ((performance.now() - began) / 1000);
      rows.push({ name, value, unit: 'rows/s', bound: null, better: 'higher', note: notes[name] ?? '' });
    }
    return rows;
  } finally {
    await client.end();
    await database.close();
    server.stop();
  }
}
