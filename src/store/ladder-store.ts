import { sql } from 'kysely';
import type { Verdict } from '../model/action.ts';
import { countOf, type Database, rowsOf } from './database.ts';
import type { LadderStep, LadderStore } from './store.ts';
import { timestamp } from './values.ts';

const COLUMNS = sql`action, entity_kind as "entityKind", level, since, reason, run`;

export function createLadderStore(database: Database): LadderStore {
  return {
    get: async (action, entityKind) => {
      const [row] = await rowsOf(
        database.sql,
        sql<LadderStep>`select ${COLUMNS} from ladder where action = ${action} and entity_kind = ${entityKind}`,
      );
      return row ?? null;
    },
    all: () => rowsOf(database.sql, sql<LadderStep>`select ${COLUMNS} from ladder order by action, entity_kind`),
    move: async ({ action, entityKind, level, since, reason, run }) => {
      const at = timestamp(since);
      const moved = await countOf(
        database.sql,
        sql`insert into ladder (action, entity_kind, level, since, reason, run)
          select ${action}, ${entityKind}, ${level}, ${at}, ${reason}, ${run}
          where ${reason} <> 'proven' or not exists (
            select 1 from outcomes o left join ladder l on l.action = o.action and l.entity_kind = ${entityKind}
            where o.action = ${action} and split_part(o.entity, '/', 1) = ${entityKind} and o.verdict = 'harmful'
              and o.decided_at > coalesce(l.since, '-infinity'))
          on conflict (action, entity_kind) do update
            set level = excluded.level, since = excluded.since, reason = excluded.reason, run = excluded.run
            where ladder.run <> excluded.run and ladder.since <= excluded.since`,
      );
      return moved > 0;
    },
    evidence: (action, entityKind, since) =>
      rowsOf(
        database.sql,
        sql<{ verdict: Verdict; count: number }>`
          select o.verdict, count(*) as count from outcomes o join runs r on r.id = o.run
          where o.action = ${action} and split_part(o.entity, '/', 1) = ${entityKind}
            and r.started_at > ${timestamp(since)}
          group by 1 order by 1`,
      ),
    untouched: async (entityKind, withinMs) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ all: number; over: number }>`
          select count(*) as "all", count(*) filter (
            where resolved_at <= opened_at + ${withinMs} * interval '1 ms') as over
          from incidents i where split_part(root, '/', 1) = ${entityKind} and resolved_at is not null
            and not exists (select 1 from runs r
              where r.incident = i.id and not r.dry_run and r.started_at is not null)`,
      );
      return row ?? { all: 0, over: 0 };
    },
  };
}
