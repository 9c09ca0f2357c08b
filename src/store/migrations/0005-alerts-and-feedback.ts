import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Verdicts of which one alone can stand for a target. */
const DECISIVE = sql`verdict in ('real', 'false_alarm', 'expected')`;

/** What was taken from the alert budget, a row each; what feedback brought; what thresholds are solved from. */
export const alertsAndFeedback: Migration = {
  version: 5,
  name: 'alerts-and-feedback',
  statements: [
    sql`alter table anomalies add column needs jsonb`,
    sql`create table alerts (
      incident text not null,
      line text not null,
      pot text not null,
      time timestamptz not null,
      primary key (incident, line)
    )`,
    sql`create index alerts_pot on alerts (pot, line, time)`,
    sql`insert into alerts (incident, line, pot, time)
      select id, case severity when 'critical' then 'pages' else 'warnings' end, 'fleet', paged_at
      from incidents where paged_at is not null and severity in ('critical', 'warning')`,
    sql`alter table feedback add column anomalies jsonb, add column missed jsonb, add column rule jsonb,
      add column adopted jsonb, add column undone jsonb`,
    // Until now somebody could say two things of one target; the last word stands.
    sql`update feedback old set undone = jsonb_build_object('by', old.given_by, 'time', extract(epoch from old.time) * 1000)
      where ${DECISIVE} and exists (select 1 from feedback newer
        where newer.target = old.target and newer.target_id = old.target_id
          and newer.verdict in ('real', 'false_alarm', 'expected') and (newer.time, newer.id) > (old.time, old.id))`,
    sql`create unique index feedback_stands on feedback (target, target_id) where undone is null and ${DECISIVE}`,
    sql`create index feedback_rules on feedback (time, id) where undone is null and rule is not null`,
  ],
};
