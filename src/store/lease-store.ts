import { sql } from 'kysely';
import { VigiaError } from '../runtime/errors.ts';
import { countOf, type Database, rowsOf, type Sql } from './database.ts';
import type { FencedStores, Lease, LeaseStore } from './store.ts';
import { storable } from './values.ts';

/**
 * Times are the database's own, so hosts whose clocks disagree take no lease from each other. Not the time of the
 * transaction: it may have waited for another's.
 */
const NOW = sql`clock_timestamp()`;

const lapse = (lapseMs: number) => sql`${NOW} + ${lapseMs}::float8 * interval '1 ms'`;

const isOf = ({ name, holder, token }: Lease) =>
  sql`name = ${storable(name)} and holder = ${storable(holder)} and token = ${token}::bigint`;

/** The same database, but every statement belongs to this transaction. */
const within = (database: Database, tx: Sql): Database => ({
  ...database,
  sql: tx,
  transaction: (work) => work(tx),
});

export function createLeaseStore(database: Database, storesOver: (database: Database) => FencedStores): LeaseStore {
  return {
    acquire: async ({ name, holder, lapseMs }) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ token: number }>`insert into leases (name, token, holder, acquired_at, lapses_at)
          values (${storable(name)}, 1, ${storable(holder)}, ${NOW}, ${lapse(lapseMs)})
          on conflict (name) do update set holder = excluded.holder, lapses_at = excluded.lapses_at,
            token = leases.token + (leases.lapses_at <= ${NOW})::int,
            acquired_at = case when leases.lapses_at <= ${NOW} then ${NOW} else leases.acquired_at end
          where leases.lapses_at <= ${NOW} or leases.holder = excluded.holder
          returning token`,
      );
      return row === undefined ? null : { name, holder, token: row.token };
    },
    renew: async (lease, lapseMs) =>
      (await countOf(database.sql, sql`update leases set lapses_at = ${lapse(lapseMs)} where ${isOf(lease)}`)) > 0,
    release: async (lease) => {
      await sql`update leases set lapses_at = '-infinity' where ${isOf(lease)}`.execute(database.sql);
    },
    fenced: (lease, work) =>
      database.transaction(async (tx) => {
        // Whoever takes the lease over waits for this lock, so nothing of the older token comes after it.
        const held = await rowsOf(tx, sql`select 1 from leases where ${isOf(lease)} for share`);
        if (held.length === 0) throw new VigiaError('LEASE_LOST', { name: lease.name });
        return work(storesOver(within(database, tx)));
      }),
  };
}
