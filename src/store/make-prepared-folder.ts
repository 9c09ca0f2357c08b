/** Run by the build: makes the prepared folder that lies beside the compiled store. */
import { openEngine } from './pglite-engine.ts';
import { savePreparedFolder } from './prepared-folder.ts';

const engine = await openEngine({ memory: null });
await engine.checkpoint();
await savePreparedFolder(await engine.dump());
await engine.close();
