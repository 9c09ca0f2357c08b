import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

const acting = [
  sql`create table recommendations (
    id text primary key,
    incident text not null,
    fleet text not null,
    time timestamptz not null,
    actions jsonb not null,
    policy jsonb not null,
    reason jsonb not null
  )`,
  sql`create index recommendations_time on recommendations (time, id)`,
  sql`create index recommendations_incident on recommendations (incident, time, id)`,
  sql`create table runs (
    id text primary key,
    incident text,
    recommendation text,
    fleet text not null,
    action text not null,
    entity text not null,
    dry_run boolean not null,
    state text not null,
    plan jsonb not null,
    decision jsonb not null,
    requested_by text not null,
    requested_at timestamptz not null,
    expires_at timestamptz,
    decided_by text,
    decided_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    exit_code int,
    output text not null,
    error jsonb
  )`,
  sql`create index runs_requested on runs (requested_at, id)`,
  sql`create index runs_state on runs (state, requested_at, id)`,
  sql`create index runs_incident on runs (incident, requested_at, id)`,
  sql`create index runs_started on runs (entity, action, started_at) where not dry_run and started_at is not null`,
  sql`create table outcomes (
    id text primary key,
    run text not null,
    incident text,
    fleet text not null,
    action text not null,
    entity text not null,
    verdict text not null,
    decided_at timestamptz not null,
    evidence jsonb not null,
    reason jsonb not null
  )`,
  sql`create index outcomes_decided on outcomes (decided_at, id)`,
  sql`create index outcomes_run on outcomes (run)`,
  sql`create index outcomes_incident on outcomes (incident, decided_at, id)`,
];

const housekeeping = [
  sql`create table models (
    id text primary key,
    kind text not null,
    version text not null,
    scope text not null,
    state text not null,
    trained_from timestamptz,
    trained_to timestamptz,
    metrics jsonb not null,
    reason text not null,
    created_at timestamptz not null,
    artefact bytea
  )`,
  sql`create index models_created on models (created_at, id)`,
  sql`create table feedback (
    id text primary key,
    target text not null,
    target_id text not null,
    verdict text not null,
    note text not null,
    given_by text not null,
    time timestamptz not null
  )`,
  sql`create index feedback_time on feedback (time, id)`,
  sql`create index feedback_target on feedback (target_id, time, id)`,
  sql`create table settings (
    key text primary key,
    value jsonb not null,
    changed_by text not null,
    changed_at timestamptz not null
  )`,
  // `json`, not `jsonb`: a state is written often and read whole, and text is the cheapest to keep.
  sql`create table checkpoints (
    stage text not null,
    key text not null,
    position bigint not null,
    state json not null,
    primary key (stage, key)
  ) with (fillfactor = 50)`,
  sql`create table marks (
    name text primary key,
    time timestamptz not null
  )`,
  sql`create table audit (
    id text primary key,
    time timestamptz not null,
    actor text not null,
    verb text not null,
    target text not null,
    detail jsonb not null
  )`,
  sql`create index audit_time on audit (time, id)`,
  sql`create table dead_letters (
    id text primary key,
    topic text not null,
    consumer text not null,
    key text not null,
    reason text not null,
    attempts int not null,
    time timestamptz not null,
    payload text not null
  )`,
  sql`create index dead_letters_time on dead_letters (time, id)`,
  sql`create index dead_letters_topic on dead_letters (topic, time, id)`,
];

export const actions: Migration = { version: 3, name: 'actions', statements: [...acting, ...housekeeping] };
