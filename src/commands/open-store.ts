import { resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createStore } from '../store/create-store.ts';
import type { Database } from '../store/database.ts';
import { openPgliteDatabase } from '../store/pglite-database.ts';
import { openPostgresDatabase } from '../store/postgres-database.ts';
import { readFromReplica } from '../store/read-replica.ts';
import type { Store } from '../store/store.ts';

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
}

const connect = ({ store }: Config, url: string, clock: Clock): Database =>
  openPostgresDatabase({ url, clock, poolSize: store.connections, statementTimeoutMs: store.statementTimeout });

/** The store of the configuration, its schema up to date: in the data folder, or on the server, read from its replica. */
export async function openStore(config: Config, { clock, log }: Parts): Promise<Store> {
  const { url, replica, retention, diskBudget, timescale } = config.store;
  const folder = resolve(config.data);
  const database = url === undefined ? await openPgliteDatabase({ folder, clock }) : connect(config, url, clock);
  const store = await createStore(database, {
    clock,
    place: url === undefined ? folder : new URL(url).host,
    timescale,
    retention: {
      samplesMs: retention.samples,
      stepsMs: retention.steps,
      minutesMs: retention.minutes,
      hoursMs: retention.hours,
      budgetBytes: diskBudget,
    },
  });
  if (url !== undefined) log.info(store.timescale, 'whether TimescaleDB keeps the measurements');
  if (replica === undefined) return store;
  return readFromReplica(store, { replica: connect(config, replica, clock), clock });
}
