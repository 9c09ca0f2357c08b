/**
 * Run by the build: makes the prepared folder that lies beside the compiled store, with the schema in it, for creating
 * tables costs memory and time that a first start need not spend. A later migration is applied on top as ever.
 */
import { databaseOver } from './memory-database.ts';
import { migrate } from './migrate.ts';
import { openEngine } from './pglite-engine.ts';
import { savePreparedFolder } from './prepared-folder.ts';

const engine = await openEngine({ memory: null });
const database = databaseOver(engine);
await migrate(database, { place: 'the prepared folder', now: Date.now() });
await engine.checkpoint();
await savePreparedFolder(await engine.dump());
await database.close();
