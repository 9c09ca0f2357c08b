import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Partition, Partitioner, PeriodTable } from './partitions.ts';
import { timestamp } from './values.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths that divide a day, so that chunks of different ages meet at midnight, and then days. */
const LENGTHS = [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY];
/** Less than this in a chunk says nothing of the rate yet. */
const LEAST_BYTES = 1024 * 1024;
/**
 * TimescaleDB's advice is that the chunks being written, with their indexes, fit in a quarter of the memory, which is
 * what `shared_buffers` is by PostgreSQL's. Two tables are written all the time, samples and step frames; each has half.
 */
const SHARE_OF_BUFFERS = 0.5;

/** The longest period whose rows take at most `most` bytes at `bytesPerMs`; never longer than `longest`. */
export function chunkLength(bytesPerMs: number, limits: { readonly most: number; readonly longest: number }): number {
  const fitting = LENGTHS.filter((length) => length <= limits.longest && length * bytesPerMs <= limits.most);
  return fitting.at(-1) ?? LENGTHS[0]!;
}

interface ChunkRow {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly compressed: boolean;
}

/**
 * The periods of a hypertable or continuous aggregate. TimescaleDB makes them itself. `longest` is how long a chunk may
 * get; null leaves the length as it is.
 */
export function createChunks(database: Database, table: PeriodTable, longest: number | null): Partitioner {
  const chunks = (): Promise<readonly ChunkRow[]> =>
    rowsOf(
      database.sql,
      sql<ChunkRow>`select chunk.chunk_name as name, chunk.range_start as "from", chunk.range_end as "to",
          size.total_bytes as bytes, chunk.is_compressed as compressed
        from timescaledb_information.chunks as chunk
        join chunks_detailed_size(${table.name}::regclass) as size using (chunk_schema, chunk_name)
        order by chunk.range_start`,
    );

  const list = async (): Promise<readonly Partition[]> =>
    (await chunks()).map(({ name, from, to, bytes }) => ({ name, from, to, bytes }));

  /** By the newest chunk that is complete and not compressed yet: so much came in so much time. */
  const tune = async (): Promise<void> => {
    if (longest === null) return;
    const open = (await chunks()).filter(({ compressed }) => !compressed);
    const sample = open.at(-2);
    if (sample === undefined || sample.bytes < LEAST_BYTES) return;
    const [found] = await rowsOf(
      database.sql,
      sql<{ buffers: number; length: number }>`select pg_size_bytes(current_setting('shared_buffers')) as buffers,
          (extract(epoch from time_interval) * 1000)::float8 as length
        from timescaledb_information.dimensions
        where hypertable_schema = current_schema() and hypertable_name = ${table.name}`,
    );
    if (found === undefined) return;
    const length = chunkLength(sample.bytes / (sample.to - sample.from), {
      most: found.buffers * SHARE_OF_BUFFERS,
      longest,
    });
    if (length === found.length) return;
    await sql`select set_chunk_time_interval(${table.name}::regclass, ${`${length} milliseconds`}::interval)`.execute(
      database.sql,
    );
  };

  return {
    into: (_times, work) => work(),
    list,
    drop: async ({ to }) => {
      await sql`select drop_chunks(${table.name}::regclass, older_than => ${timestamp(to)})`.execute(database.sql);
    },
    tune,
  };
}
