import { sql } from 'kysely';
import { LOG_LEVELS, type LogExample, type LogLevel, type LogPattern } from '../model/log-record.ts';
import type { Database } from './database.ts';
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

const atLeast = (level: LogLevel | undefined): Condition | null =>
  level === undefined
    ? null
    : sql`level in (${sql.join(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)).map((name) => sql`${name}`))})`;

const writtenBy = (entity: string | undefined): Condition | null =>
  entity === undefined ? null : sql`id in (select template from log_examples where entity = ${storable(entity)})`;

const holds = (search: string | undefined): Condition | null =>
  search === undefined ? null : sql`position(lower(${storable(search)}) in lower(text)) > 0`;

export function createLogStore(database: Database): LogStore {
  return {
    patterns: (patterns) => record.upsertRecords(database, PATTERNS, patterns),
    examples: (examples) => record.replaceRecords(database, EXAMPLES, examples),
    listPatterns: (query) => {
      const range = query.since === undefined ? undefined : { from: query.since, to: Number.MAX_SAFE_INTEGER };
      const where = [record.within('last_seen', range), writtenBy(query.entity)];
      return record.pageOfRecords(database, PATTERNS, { query, where });
    },
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
