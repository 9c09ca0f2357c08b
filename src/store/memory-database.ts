import { Kysely } from 'kysely';
import type { Database } from './database.ts';
import { openEngine, type PgliteEngine } from './pglite-engine.ts';
import { loadPreparedFolder, savePreparedFolder } from './prepared-folder.ts';
import { sessionDialect } from './session-dialect.ts';
import { singleSessionPool } from './single-session-pool.ts';
import { fromPlain, toPlain } from './statement-error.ts';

/** The database port over an engine in this thread. */
export function databaseOver(engine: PgliteEngine): Database {
  const query: PgliteEngine['query'] = async (statement, parameters) => {
    try {
      return await engine.query(statement, parameters);
    } catch (error) {
      throw fromPlain(toPlain(error));
    }
  };
  const pool = singleSessionPool(
    async () => ({ query }),
    () => engine.close(),
  );
  // oxlint-disable-next-line typescript/no-empty-object-type -- no table is known to the builder
  const sql = new Kysely<{}>({ dialect: sessionDialect(pool) });
  return {
    engine: 'pglite',
    sql,
    transaction: (work) => sql.transaction().execute(work),
    ensureRoom: async () => {},
    close: () => pool.close(),
  };
}

/**
 * A real PGlite in this thread, in memory, gone on `close`: for tests. The first one of a checkout keeps its empty
 * folder among the caches, which later ones unpack in a fraction of the time.
 */
export async function openMemoryDatabase(): Promise<Database> {
  const memory = await loadPreparedFolder();
  const engine = await openEngine({ memory });
  if (!memory) {
    await engine.checkpoint();
    await savePreparedFolder(await engine.dump());
  }
  return databaseOver(engine);
}
