import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import { within } from './record-table.ts';
import type { IncidentSpan, RunCount, TimeRange, ValueStore } from './store.ts';

const spans = (range: TimeRange, limit: number) => sql<IncidentSpan>`
  select id, split_part(root, '/', 1) as "entityKind", opened_at as "openedAt", resolved_at as "resolvedAt",
    exists (select 1 from runs r where r.incident = i.id and not r.dry_run and r.started_at is not null) as acted,
    exists (select 1 from decisions d where d.incident = i.id and d.chosen is not null) as recommended
  from incidents i where ${within('opened_at', range) ?? sql`true`}
  order by opened_at desc, id desc limit ${limit}`;

const counts = (range: TimeRange) => sql<RunCount>`
  select r.action, r.requested_by = 'vigia' as automatic, o.verdict, count(*) as count
  from runs r left join outcomes o on o.run = r.id
  where not r.dry_run and r.started_at is not null and ${within('started_at', range) ?? sql`true`}
  group by 1, 2, 3 order by 1, 2, 3`;

export const createValueStore = (database: Database): ValueStore => ({
  incidents: (range, limit) => rowsOf(database.sql, spans(range, limit)),
  runs: (range) => rowsOf(database.sql, counts(range)),
});
