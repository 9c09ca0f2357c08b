import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { countedOnce } from './log-counts.ts';
import { cleanUp, freePort, startVigia, temporaryFolder } from './vigia.ts';

afterAll(cleanUp);

const FILES = 10_000;
/** For the whole of it on a machine that has other things to do. */
const PATIENCE_MS = 300_000;

it(
  '10,000 rotated files: every line counts once, and files that come later have their turn',
  async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    const past = new Date(Date.now() - 3_600_000);
    for (let file = 0; file < FILES; file++) {
      const path = join(logs, `app.log.${file + 1}`);
      const time = new Date(past.getTime() - file * 1000).toISOString();
      writeFileSync(path, `${time} INFO order ${2 * file} was sent\n${time} INFO order ${2 * file + 1} was sent\n`);
      utimesSync(path, past, past);
    }
    const source = { name: 'app', paths: [join(logs, 'app.log*')], labels: { service: 'app' }, from: 'start' };
    const config = { step: '1s', collect: { host: { enabled: false }, logs: [source] } };
    const vigia = await startVigia({ folder, port, config });
    writeFileSync(join(logs, 'app.log'), `${new Date().toISOString()} INFO order ${2 * FILES} was sent\n`);
    expect(await countedOnce(vigia, 'service/app', 2 * FILES + 1, PATIENCE_MS)).toBe(2 * FILES + 1);
    await vigia.stop();
  },
  2 * PATIENCE_MS,
);
