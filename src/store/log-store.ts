import { sql } from 'kysely';
import { LOG_LEVELS, type LogExample, type LogLevel, type LogPattern } from '../model/log-record.ts';
import type { LogSequence } from '../model/log-sequence.ts';
import { type Database, rowsOf } from './database.ts';
import type { Condition, RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { LogStore } from './store.ts';
import { storable } from './values.ts';

const { json, plain, time } = record;

const PATTERNS: RecordTable<LogPattern> = {
  name: 'log_patterns',
  sort: 'lastSeen',
  version: 'lastSeen',
  columns: {
    id: plain('id'),
    text: plain('text'),
    level: plain('level'),
    firstSeen: time('first_seen'),
    lastSeen: time('last_seen'),
  },
};

const EXAMPLES: RecordTable<LogExample> = {
  name: 'log_examples',
  sort: 'time',
  version: 'time',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    fleet: plain('fleet'),
    time: time('time'),
    level: plain('level'),
    template: plain('template'),
    text: plain('text'),
    attributes: json('attributes'),
    source: plain('source'),
  },
};

const SEQUENCES: RecordTable<LogSequence> = {
  name: 'log_sequences',
  sort: 'end',
  version: 'end',
  columns: {
    id: plain('id'),
    entity: plain('entity'),
    fleet: plain('fleet'),
    start: time('start_time'),
    end: time('end_time'),
    templates: json('templates'),
    sampled: plain('sampled'),
    pValue: plain('p_value'),
    model: plain('model'),
    position: plain('position'),
    expected: json('expected'),
  },
};
const MOST_SAMPLED = 1000;

const atLeast = (level: LogLevel | undefined): Condition | null =>
  level === undefined
    ? null
    : sql`level in (${sql.join(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)).map((name) => sql`${name}`))})`;

const writtenBy = (entity: string | undefined): Condition | null =>
  entity === undefined ? null : sql`id in (select template from log_examples where entity = ${storable(entity)})`;

const holds = (search: string | undefined): Condition | null =>
  search === undefined ? null : sql`position(lower(${storable(search)}) in lower(text)) > 0`;

/** Whoever merges patterns holds this lock until it commits. */
const MERGE_LOCK = 8_440_014;
/** Pairs of one statement. */
const PAIRS = 500;

async function mergePatterns(database: Database, pairs: readonly (readonly [string, string])[]): Promise<void> {
  const values = sql.join(pairs.map(([before, now]) => sql`(${storable(before)}::text, ${storable(now)}::text)`));
  await database.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(${MERGE_LOCK})`.execute(tx);
    await sql`update log_examples set template = pair.now from (values ${values}) as pair (before, now)
      where template = pair.before`.execute(tx);
    await sql`update log_patterns set first_seen = least(first_seen, gone.first), last_seen = greatest(last_seen, gone.last)
      from (select pair.now, min(first_seen) as first, max(last_seen) as last
        from log_patterns join (values ${values}) as pair (before, now) on id = pair.before group by pair.now) as gone
      where id = gone.now`.execute(tx);
    await sql`delete from log_patterns using (values ${values}) as pair (before, now) where id = pair.before`.execute(
      tx,
    );
  });
}

export function createLogStore(database: Database): LogStore {
  return {
    patterns: (patterns) => record.upsertRecords(database, PATTERNS, patterns),
    mergePatterns: async (pairs) => {
      for (let at = 0; at < pairs.length; at += PAIRS) await mergePatterns(database, pairs.slice(at, at + PAIRS));
    },
    examples: (examples) => record.replaceRecords(database, EXAMPLES, examples),
    listPatterns: (query) => {
      const range = query.since === undefined ? undefined : { from: query.since, to: Number.MAX_SAFE_INTEGER };
      const where = [record.within('last_seen', range), writtenBy(query.entity)];
      return record.pageOfRecords(database, PATTERNS, { query, where });
    },
    keepSequences: (sequences) => record.upsertRecords(database, SEQUENCES, sequences),
    listSequences: (query) =>
      record.pageOfRecords(database, SEQUENCES, {
        query,
        where: [
          record.equals('entity', query.entity),
          record.within('end_time', query.range),
          query.sampled === undefined ? null : sql`sampled = ${query.sampled}`,
          query.atMost === undefined ? null : sql`p_value <= ${query.atMost}`,
        ],
      }),
    sampledEntities: (range) =>
      rowsOf(
        database.sql,
        sql<{ entity: string; sessions: number }>`select entity, count(*)::int as sessions from log_sequences
          where sampled and ${record.within('end_time', range)}
          group by entity order by count(*) desc, entity limit ${MOST_SAMPLED}`,
      ),
    listExamples: (query) =>
      record.pageOfRecords(database, EXAMPLES, {
        query,
        where: [
          record.equals('entity', query.entity),
          record.equals('template', query.template),
          record.within('time', query.range),
          atLeast(query.atLeast),
          holds(query.search),
        ],
      }),
  };
}
