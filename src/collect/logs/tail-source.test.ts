import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../model/log-record.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { createLogIntake } from './log-intake.ts';
import { TailSource } from './tail-source.ts';
import type { FilePosition } from './tailed-file.ts';

let folder = '';
let log = '';
let taken: LogRecord[] = [];
let saved: readonly FilePosition[] = [];
let broken = false;
const sources: TailSource[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-tail-'));
  log = join(folder, 'app.log');
  taken = [];
  saved = [];
  broken = false;
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  rmSync(folder, { recursive: true, force: true });
});

function tail(from: 'start' | 'end' = 'start', lineBytes = 1000): TailSource {
  const metrics = createMetrics();
  const source = new TailSource(
    { name: 'app', paths: [`${folder}/*.log*`], labels: { service: 'shop' }, from, lineBytes },
    {
      clock: systemClock,
      log: silentLog,
      metrics,
      intake: createLogIntake({
        metrics,
        assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
        limits: { lineBytes: 65_536, aheadMs: 1e6, behindMs: 1e9 },
      }),
      positions: {
        load: async () => saved,
        save: async (_, positions) => {
          saved = positions;
        },
      },
      publish: async (records) => {
        if (broken) throw new Error('no room');
        taken.push(...records);
      },
    },
  );
  sources.push(source);
  return source;
}
const look = async (source: TailSource, times = 2): Promise<string[]> => {
  for (let time = 0; time < times; time++) await source.look();
  return taken.map(({ text }) => text);
};

describe('following files', () => {
  test('lines come when they are whole, each once', async () => {
    const source = tail();
    writeFileSync(log, 'one\ntw');
    expect(await look(source)).toEqual(['one']);
    appendFileSync(log, 'o\nthree\n');
    expect(await look(source)).toEqual(['one', 'two', 'three']);
    expect(taken[0]).toMatchObject({ entity: 'service/shop', source: 'logs/app' });
  });

  test('what was there before the first start is not news when so set; a file that comes later is read whole', async () => {
    writeFileSync(log, 'old\nold too\n');
    const source = tail('end');
    expect(await look(source)).toEqual([]);
    appendFileSync(log, 'new\n');
    writeFileSync(join(folder, 'other.log'), 'first\n');
    expect(new Set(await look(source))).toEqual(new Set(['new', 'first']));
  });

  test('rotation by rename: the old file is read to its end, the new one from its beginning', async () => {
    const source = tail();
    writeFileSync(log, 'one\n');
    await look(source);
    appendFileSync(log, 'two\n');
    renameSync(log, join(folder, 'gone'));
    appendFileSync(join(folder, 'gone'), 'three\n');
    writeFileSync(log, 'four\n');
    expect(new Set(await look(source))).toEqual(new Set(['one', 'two', 'three', 'four']));
    expect(taken).toHaveLength(4);
    await look(source, 5);
    expect(source.files).toBe(1);
  });

  test('rotation by copy and truncation: the copy is not read again', async () => {
    const source = tail();
    writeFileSync(log, 'one\ntwo\n');
    await look(source);
    copyFileSync(log, join(folder, 'copy'));
    truncateSync(log);
    await look(source, 1);
    appendFileSync(log, 'three\n');
    expect(await look(source)).toEqual(['one', 'two', 'three']);
  });

  test('after a restart reading goes on where it was, through a rename and a truncation meanwhile', async () => {
    writeFileSync(log, 'one\n');
    await look(tail());
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'three\n');
    expect(new Set(await look(tail()))).toEqual(new Set(['one', 'two', 'three']));
    expect(taken).toHaveLength(3);
    writeFileSync(log, 'other beginning, longer than before\n');
    await look(tail());
    expect(taken.map(({ text }) => text).slice(3)).toEqual(['other beginning, longer than before']);
  });

  test('what could not be committed comes again with the same ids', async () => {
    writeFileSync(log, 'one\ntwo\n');
    broken = true;
    await expect(look(tail())).rejects.toThrow('no room');
    broken = false;
    await look(tail());
    const ids = taken.map(({ id }) => id);
    taken = [];
    saved = [];
    await look(tail());
    expect(taken.map(({ id }) => id)).toEqual(ids);
  });

  test('a stack trace is one line', async () => {
    const trace =
      'ERROR failed\n    at a (a.js:1)\nCaused by: x\n\tat b\nINFO next\nTraceback (most recent call last):\n  File "a"\nValueError: y\nlast\n';
    writeFileSync(log, trace);
    expect(await look(tail(), 3)).toEqual([
      'failed\n    at a (a.js:1)\nCaused by: x\n\tat b',
      'next\nTraceback (most recent call last):\n  File "a"\nValueError: y',
      'last',
    ]);
  });

  test('an endless line is cut, a binary file and a compressed one are left alone', async () => {
    writeFileSync(log, `${'x'.repeat(700_000)}\nafter\n`);
    writeFileSync(join(folder, 'core.log'), Buffer.from([1, 0, 2, 10]));
    writeFileSync(join(folder, 'old.log.gz'), 'whatever\n');
    const texts = await look(tail(), 4);
    expect(texts.map((text) => text.length)).toEqual([1000, 5]);
  });
});
