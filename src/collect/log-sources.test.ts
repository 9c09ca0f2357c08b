import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogRecord } from '../model/log-record.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { LogSources } from './log-sources.ts';
import type { FilePosition } from './logs/file-streams.ts';

let folder = '';
let sources: LogSources | null = null;
let taken: LogRecord[] = [];
let broken = false;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-log-sources-'));
  [taken, broken] = [[], false];
});
afterEach(async () => {
  await sources?.stop();
  sources = null;
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<LogSources> {
  const metrics = createMetrics();
  let saved: Readonly<Record<string, readonly FilePosition[]>> = {};
  const limits = { lineBytes: 1000, aheadMs: 1000, behindMs: 1e9, bodyBytes: 10_000, seriesPerSource: 10 };
  sources = new LogSources(
    {
      bus: createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined }),
      clock: systemClock,
      log: silentLog,
      metrics,
      options: { host: { enabled: false, intervalMs: 1000 }, scrape: [], limits, entityRules: [] },
      logFiles: {
        sources: [{ name: 'app', paths: [`${folder}/*.log*`], labels: { service: 'shop' }, from: 'start' }],
        positions: {
          load: async (name) => saved[name] ?? [],
          save: async (positions) => void (saved = { ...saved, ...positions }),
        },
      },
      syslog: [{ name: 'net', protocol: 'tcp', host: '127.0.0.1', port: 0, labels: {} }],
    },
    {
      assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
      publish: async (records) => {
        if (broken) throw new Error('no room');
        taken.push(...records);
      },
    },
  );
  await sources.start();
  return sources;
}

const look = async (from: LogSources): Promise<void> => {
  for (const one of from.looks) await one();
};
const view = (from: LogSources, name: string) => from.views().find((source) => source.name === name);

describe('sources of log lines', () => {
  test('a tailed one tells what it brought, what waits and what went wrong', async () => {
    const from = await start();
    expect(view(from, 'logs/app')).toMatchObject({ kind: 'logs', state: 'idle', samples: 0, lastError: null });
    writeFileSync(join(folder, 'a.log'), 'one\ntwo\n2100-01-01T00:00:00Z far ahead\nlast\n');
    await look(from);
    await look(from);
    expect(view(from, 'logs/app')).toMatchObject({ state: 'up', samples: 3, drops: { future: 1 } });
    expect(view(from, 'logs/app')!.logs).toMatchObject({ files: 1, behindBytes: 0 });
    expect(view(from, 'logs/app')!.logs!.perSecond).toBeGreaterThan(0);
    broken = true;
    appendFileSync(join(folder, 'a.log'), 'more\nand more\n');
    await expect(look(from)).rejects.toThrow('no room');
    expect(view(from, 'logs/app')).toMatchObject({ state: 'down', lastError: { phrase: { key: 'errors.INTERNAL' } } });
    expect(view(from, 'logs/app')!.logs!.behindBytes).toBeGreaterThan(0);
    broken = false;
    await look(from);
    await look(from);
    expect(view(from, 'logs/app')).toMatchObject({ samples: 5, logs: { behindBytes: 0 } });
    expect(taken.map(({ text }) => text)).toEqual(['one', 'two', 'last', 'more', 'and more']);
  });

  test('a file that is none it can read is named', async () => {
    const from = await start();
    mkdirSync(join(folder, 'b'));
    // What says that it is compressed and is not cannot be read by anybody, whoever runs this.
    writeFileSync(join(folder, 'b.log.gz'), 'no gzip');
    chmodSync(join(folder, 'b.log.gz'), 0o400);
    await look(from);
    const error = view(from, 'logs/app')!.lastError!;
    expect(error.phrase).toMatchObject({
      key: 'collect.logFileUnreadable',
      values: { path: join(folder, 'b.log.gz') },
    });
  });

  test('syslog, and what is sent to the interface', async () => {
    const from = await start();
    expect(from.views().map(({ name, state }) => `${name} ${state}`)).toEqual(['logs/app idle', 'logs/net idle']);
    await from.ingest(Buffer.from('one\ntwo'), { source: 'logs/curl', labels: {} });
    expect(view(from, 'logs/push')).toMatchObject({ kind: 'logs', state: 'up', samples: 2 });
    const socket = connect(from.ports[0]!, '127.0.0.1');
    socket.write('<14>1 - web-1 shop - - - hello\nnonsense\n');
    await expect.poll(() => view(from, 'logs/net')!.samples).toBe(1);
    await expect.poll(() => view(from, 'logs/net')!.drops).toEqual({ malformed: 1 });
    expect(view(from, 'logs/net')).toMatchObject({ state: 'up', logs: { connections: 1 } });
    socket.end();
    await once(socket, 'close');
    await expect.poll(() => view(from, 'logs/net')!.logs!.connections).toBe(0);
  });
});
