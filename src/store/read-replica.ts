import { sql } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { type Database, rowsOf } from './database.ts';
import { createEntityNumbers } from './entity-store.ts';
import { createEventStore } from './event-store.ts';
import { createFrameReader } from './frame-store.ts';
import { createLogStore } from './log-store.ts';
import { MIGRATIONS } from './migrate.ts';
import type { EventStore, FrameStore, LogStore, Store } from './store.ts';

/** Further behind than this, the primary is asked instead: a chart that ends a minute ago looks like an outage. */
const MOST_BEHIND_MS = 15_000;
/** How long an answer about the replica holds. */
const LOOK_EVERY_MS = 5000;

type ColumnsQuery = Parameters<FrameStore['columns']>[0];
type EventsQuery = Parameters<EventStore['list']>[0];
type LinesQuery = Parameters<LogStore['listExamples']>[0];

export interface ReplicaDeps {
  readonly replica: Database;
  readonly clock: Clock;
}

/** Whether the replica has the schema and is not far behind. */
async function look(replica: Database): Promise<boolean> {
  const [found] = await rowsOf(
    replica.sql,
    // Nothing to replay means up to date, however long ago the last change was.
    sql<{ behind: number | null; schema: number | null }>`select
      case when not pg_is_in_recovery() or pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
        else (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 end as behind,
      (select max(version) from schema_migrations) as schema`,
  );
  return (found?.behind ?? Infinity) <= MOST_BEHIND_MS && found?.schema === MIGRATIONS.at(-1)?.version;
}

/** Asks the replica while it is fit, and the primary otherwise, or when the replica fails. */
function createChoice({ replica, clock }: ReplicaDeps) {
  let fit = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const isFit = async (): Promise<boolean> => {
    const now = clock.monotonic();
    if (now - lookedAt < LOOK_EVERY_MS) return fit;
    lookedAt = now;
    fit = await look(replica).catch(() => false);
    return fit;
  };

  return async <Answer>(there: () => Promise<Answer>, here: () => Promise<Answer>): Promise<Answer> => {
    if (!(await isFit())) return here();
    try {
      return await there();
    } catch (error) {
      // What is wrong with the question is wrong there too.
      if (error instanceof VigiaError && !error.retryable) throw error;
      fit = false;
      return here();
    }
  };
}

/**
 * A store whose long reads (charts, events, lines) come from a replica while it is there, has the schema, and is not far
 * behind; otherwise from the primary, as does everything else: whoever changes something reads what he changed.
 * `close` closes both.
 */
export function readFromReplica(store: Store, deps: ReplicaDeps): Store {
  const { replica } = deps;
  const either = createChoice(deps);
  const frames = createFrameReader({ database: replica, entities: createEntityNumbers(replica) });
  const [events, logs] = [createEventStore(replica), createLogStore(replica)];
  const mine = store.frames;
  return {
    ...store,
    frames: {
      append: (some) => mine.append(some),
      appendRollups: (tier, some) => mine.appendRollups(tier, some),
      replay: (entity, range, limit) => mine.replay(entity, range, limit),
      // oxlint-disable-next-line eslint/max-params -- the port's own signature
      rollups: (tier, entity, range, limit) => mine.rollups(tier, entity, range, limit),
      many: (query) => mine.many(query),
      newest: () => mine.newest(),
      layout: (entity) => mine.layout(entity),
      columns: (query: ColumnsQuery) =>
        either(
          () => frames.columns(query),
          () => mine.columns(query),
        ),
    },
    events: {
      ...store.events,
      list: (query: EventsQuery) =>
        either(
          () => events.list(query),
          () => store.events.list(query),
        ),
    },
    logs: {
      ...store.logs,
      listExamples: (query: LinesQuery) =>
        either(
          () => logs.listExamples(query),
          () => store.logs.listExamples(query),
        ),
    },
    close: async () => {
      await replica.close();
      await store.close();
    },
  };
}
