import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../model/log-record.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { createLogIntake } from './log-intake.ts';
import { TailSource } from './tail-source.ts';
import type { FilePosition } from './file-streams.ts';

let folder = '';
let log = '';
let taken: LogRecord[] = [];
let saved: Readonly<Record<string, readonly FilePosition[]>> = {};
let broken = false;
const sources: TailSource[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-tail-'));
  log = join(folder, 'app.log');
  taken = [];
  saved = {};
  broken = false;
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  rmSync(folder, { recursive: true, force: true });
});

// oxlint-disable-next-line eslint/max-params -- each is left out mostly
function tail(
  from: 'start' | 'end' = 'start',
  lineBytes = 1000,
  paths: readonly string[] = [`${folder}/*.log*`],
  labels: Readonly<Record<string, string>> = { service: 'shop' },
): TailSource {
  const metrics = createMetrics();
  const source = new TailSource(
    { name: 'app', paths, labels, from, lineBytes },
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
        load: async (name) => saved[name] ?? [],
        save: async (positions) => {
          saved = { ...saved, ...positions };
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

let numbered = 0;
/** Lines that no other file has. */
const lines = (word: string, count: number): string =>
  Array.from({ length: count }, () => `${word} ${++numbered}\n`).join('');

const counts = (records: readonly LogRecord[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const text of new Set(records.map((record) => record.text))) {
    const word = text.split(' ')[0]!;
    found[word] = (found[word] ?? 0) + 1;
  }
  expect(Object.values(found).reduce((sum, count) => sum + count, 0)).toBe(records.length);
  return found;
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

  test('what could not be committed comes again, in the same process and after its death with the same place', async () => {
    writeFileSync(log, 'one\ntwo\n');
    broken = true;
    const source = tail();
    await expect(look(source)).rejects.toThrow('no room');
    appendFileSync(log, 'three\n');
    const before = saved;
    broken = false;
    expect(await look(source)).toEqual(['one', 'two', 'three']);
    const { id, place } = taken[1]!;
    taken = [];
    saved = before;
    expect(await look(tail())).toEqual(['one', 'two', 'three']);
    expect(taken[1]).toMatchObject({ id, place });
  });

  test('what is in a rotated file is read once, also where it was compressed before it was read to its end', async () => {
    writeFileSync(log, lines('first', 50));
    const source = tail();
    await look(source);
    await source.close();
    // While nobody looked: more lines, two rotations, one of them compressed.
    appendFileSync(log, lines('second', 3000));
    writeFileSync(`${log}.2.gz`, gzipSync(readFileSync(log)));
    rmSync(log);
    writeFileSync(`${log}.1`, lines('third', 40));
    writeFileSync(log, lines('fourth', 30));
    const after = tail();
    await look(after, 3);
    expect(counts(taken)).toEqual({ first: 50, second: 3000, third: 40, fourth: 30 });
    // Now it is compressed under its eyes.
    writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(`${log}.1`)));
    await look(after, 1);
    rmSync(`${log}.1`);
    await look(after, 8);
    await after.close();
    await look(tail(), 3);
    expect(taken).toHaveLength(3120);
  });

  test('copy and truncation: the copy is known, and what was not read before is read from it', async () => {
    writeFileSync(log, lines('first', 50));
    const source = tail();
    await look(source, 3);
    copyFileSync(log, `${log}.1`);
    await look(source, 1);
    truncateSync(log);
    await look(source, 3);
    expect(taken).toHaveLength(50);
    // This time it grows, is copied, truncated and written to while nobody looks, and the copy is compressed.
    await source.close();
    appendFileSync(log, lines('second', 60));
    copyFileSync(log, `${log}.2`);
    truncateSync(log);
    appendFileSync(log, lines('third', 100));
    writeFileSync(`${log}.2.gz`, gzipSync(readFileSync(`${log}.2`)));
    rmSync(`${log}.2`);
    const after = tail();
    await look(after, 4);
    expect(counts(taken)).toEqual({ first: 50, second: 60, third: 100 });
  });

  test('a file that is written, rotated and compressed between two looks is read once', async () => {
    writeFileSync(log, '');
    const source = tail();
    await look(source);
    appendFileSync(log, lines('all', 100));
    writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log)));
    rmSync(log);
    writeFileSync(log, lines('next', 10));
    await look(source, 8);
    expect(counts(taken)).toEqual({ all: 100, next: 10 });
  });

  test('a file that is deleted while it is read is read to its end; what takes its name is another', async () => {
    writeFileSync(log, lines('first', 20));
    const source = tail();
    await look(source);
    appendFileSync(log, lines('second', 20));
    rmSync(log);
    mkdirSync(log);
    await look(source, 5);
    expect(counts(taken)).toEqual({ first: 20, second: 20 });
    expect(source.files).toBe(0);
    rmSync(log, { recursive: true });
    writeFileSync(log, lines('third', 5));
    await look(source);
    expect(counts(taken)).toEqual({ first: 20, second: 20, third: 5 });
  });

  test('names with dates, as dateext gives them, are those of copies too', async () => {
    writeFileSync(log, lines('first', 30));
    const source = tail();
    await look(source);
    writeFileSync(`${log}-20260102-1767312000.gz`, gzipSync(readFileSync(log)));
    rmSync(log);
    await look(source, 6);
    expect(counts(taken)).toEqual({ first: 30 });
  });

  test('a compressed file that is cut is tried again when it is whole', async () => {
    const packed = gzipSync(lines('only', 200));
    writeFileSync(`${log}.1.gz`, packed.subarray(0, packed.length - 9));
    const source = tail();
    await look(source, 3);
    writeFileSync(`${log}.1.gz`, packed);
    await look(source, 40);
    expect(counts(taken)).toEqual({ only: 200 });
  });

  test('more files than may be open at the same time have their turn one after the other', async () => {
    const past = new Date(Date.now() - 3_600_000);
    for (let at = 0; at < 1300; at++) {
      writeFileSync(`${log}.${at}`, `file ${at}\n`);
      utimesSync(`${log}.${at}`, past, past);
    }
    const source = tail();
    await look(source, 1);
    expect(source.files).toBeLessThanOrEqual(1000);
    await look(source, 8);
    expect(new Set(taken.map(({ text }) => text)).size).toBe(1300);
    expect(taken).toHaveLength(1300);
    expect(source.files).toBe(0);
  });

  test('lines of containers: taken out of what runtimes write around them, pieces put together, outputs kept apart', async () => {
    const folders = join(folder, 'pods', 'shop_cart-7d9_0a1b', 'cart');
    mkdirSync(folders, { recursive: true });
    const start = Date.now() - 60_000;
    const at = (second: number): string => new Date(start + second * 1000).toISOString().replace('Z', '123456Z');
    const cri = [
      `${at(1)} stdout P {"level":"warn","msg":"slow`,
      `${at(2)} stderr F Traceback (most recent call last):`,
      `${at(3)} stdout F  answer"}`,
      `${at(4)} stderr F   File "a.py"`,
      `${at(5)} stderr F ValueError: no`,
      `${at(6)} stdout F plain`,
    ];
    writeFileSync(join(folders, '0.log'), `${cri.join('\n')}\n`);
    const docker = [
      { log: 'half of ', stream: 'stdout', time: at(7) },
      { log: 'a line\n', stream: 'stdout', time: at(8) },
    ];
    const id = 'ab'.repeat(32);
    mkdirSync(join(folder, 'containers', id), { recursive: true });
    writeFileSync(
      join(folder, 'containers', id, `${id}-json.log`),
      docker.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    const source = tail('start', 1000, [`${folder}/**/*.log`], {});
    await look(source, 3);
    const said = taken.map(({ entity, text, level, attributes }) => ({
      entity,
      text,
      level,
      stream: attributes['stream'],
    }));
    expect(said).toEqual(
      expect.arrayContaining([
        { entity: 'pod/shop/cart-7d9', text: 'slow answer', level: 'warn', stream: 'stdout' },
        {
          entity: 'pod/shop/cart-7d9',
          text: 'Traceback (most recent call last):\n  File "a.py"\nValueError: no',
          level: 'info',
          stream: 'stderr',
        },
        { entity: 'pod/shop/cart-7d9', text: 'plain', level: 'info', stream: 'stdout' },
        { entity: 'container/abababababab', text: 'half of a line', level: 'info', stream: 'stdout' },
      ]),
    );
    expect(taken).toHaveLength(4);
    expect(taken.find(({ text }) => text === 'plain')!.time).toBe(
      Math.floor(Date.parse(at(6).replace('123456Z', 'Z'))),
    );
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

  test('an endless line is cut, a binary file and what only looks compressed are left alone', async () => {
    writeFileSync(log, `${'x'.repeat(700_000)}\nafter\n`);
    writeFileSync(join(folder, 'core.log'), Buffer.from([1, 0, 2, 10]));
    writeFileSync(join(folder, 'old.log.gz'), 'whatever\n');
    const texts = await look(tail(), 4);
    expect(texts.map((text) => text.length)).toEqual([1000, 5]);
  });
});
