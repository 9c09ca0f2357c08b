import { sql } from 'kysely';
import type { Verdict } from '../model/action.ts';
import { countOf, type Database, rowsOf } from './database.ts';
import type { LadderStep, LadderStore } from './store.ts';
import { timestamp } from './values.ts';

const COLUMNS = sql`action, entity_kind as "entityKind", level, since, reason, run`;

const MOST_KINDS = 50;
/** As `options` of a decision hold it. */
const thoughtOf = (action: string): string => JSON.stringify([{ action }]);

/** What is known of incidents that nobody acted upon. */
const leftAlone = (database: Database): Pick<LadderStore, 'watched' | 'kindsOf' | 'untouched'> => ({
  watched: async ({ action, entityKind, withinMs, since }) => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ all: number; over: number }>`
        select count(*) as "all", count(*) filter (
          where resolved_at <= opened_at + ${withinMs} * interval '1 ms') as over
        from incidents i where split_part(root, '/', 1) = ${entityKind} and resolved_at is not null
          and opened_at > ${timestamp(since)}
          and not exists (select 1 from runs r
            where r.incident = i.id and not r.dry_run and r.started_at is not null)
          and exists (select 1 from decisions d
            where d.incident = i.id and d.options @> ${thoughtOf(action)}::text::jsonb)`,
    );
    return row ?? { all: 0, over: 0 };
  },
  kindsOf: async (action) => {
    const rows = await rowsOf(
      database.sql,
      sql<{ kind: string }>`select distinct split_part(i.root, '/', 1) as kind
        from decisions d join incidents i on i.id = d.incident
        where d.options @> ${thoughtOf(action)}::text::jsonb order by 1 limit ${MOST_KINDS}`,
    );
    return rows.map(({ kind }) => kind);
  },
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
});

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
    ...leftAlone(database),
  };
}
