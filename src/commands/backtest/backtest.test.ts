import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { Language } from '../../text/language.ts';
import { createText } from '../../text/text.ts';
import { runProgram } from '../program.ts';
import type { BacktestReport } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-backtest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function file(content: string | Buffer, name = `${files++}.csv`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly folder: string;
}

async function vigia(argv: readonly string[], language: Language = 'en'): Promise<Ran> {
  const [out, err]: string[][] = [[], []];
  const target = join(folder, `out-${files++}`);
  const code = await runProgram(['backtest', '--out', target, ...argv], '0', {
    environment: {},
    folder,
    words: createText()(language),
    print: (text) => void out!.push(text),
    complain: (text) => void err!.push(text),
  });
  return { code, out: out!.join('\n'), err: err!.join('\n'), folder: target };
}

const COLUMNS = ['--entity', 'node', '--time', 'time'];
const rowsOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
const predictionsOf = ({ folder }: Ran): string[][] => rowsOf(join(folder, 'predictions.csv'));
const reportOf = ({ folder }: Ran): BacktestReport =>
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as BacktestReport;

const DAY = 86_400_000;
const dateOf = (day: number): string => new Date(Date.UTC(2025, 0, 1) + day * DAY).toISOString();

interface Fleet {
  readonly frames: string[];
  readonly failures: string[];
}

/** Nodes of three racks over days, some much worse than others; without features. */
function nodeDays(days = 160, seed = 1): Fleet {
  const random = createRandom(seed);
  const frames: string[] = [];
  const failures: string[] = [];
  const nodes = Array.from({ length: 24 }, (_, i) => ({ name: `r${i % 3}-${i}`, rate: 0.004 * 2 ** random.int(5) }));
  for (let day = 0; day < days; day++) {
    for (const { name, rate } of nodes) {
      frames.push(`${name},${dateOf(day).slice(0, 10)}`);
      if (random.next() < rate) failures.push(`${name},${dateOf(day + random.next())},disk`);
    }
  }
  return { frames, failures };
}

const framesFile = (fleet: Fleet, header = 'node,time'): string => file(`${header}\n${fleet.frames.join('\n')}\n`);
const failuresFile = ({ failures }: Fleet): string => file(`entity,time,kind\n${failures.join('\n')}\n`);

describe('without features', () => {
  const fleet = nodeDays();
  const data = framesFile(fleet);
  const failures = failuresFile(fleet);
  const split = ['--horizons', '1d,7d', '--split', '2025-04-11'];

  test('one line for every row from the cut on, as they stand in the file, all finite', async () => {
    const ran = await vigia(['--data', data, '--failures', failures, ...COLUMNS, ...split]);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    const [header, ...rows] = predictionsOf(ran);
    expect(header).toEqual(['entity', 'time', 'p_1d', 'p_7d', 'expected_remaining', 'low', 'high']);
    expect(rows.map(([entity, time]) => `${entity},${time}`)).toEqual(fleet.frames.slice(100 * 24));
    for (const row of rows) {
      const [day, week, expected, low, high] = row.slice(2).map(Number) as [number, number, number, number, number];
      expect(day > 0 && day <= week && week < 1).toBe(true);
      expect(low >= 0 && low <= high && high <= 7 * 86_400 && expected > 0 && expected <= 7 * 86_400).toBe(true);
    }
    expect(readdirSync(ran.folder).sort()).toEqual(['predictions.csv', 'report.html', 'report.json']);
  });

  test('nothing that comes later changes what was said, and the same input gives the same files', async () => {
    const whole = await vigia(['--data', data, '--failures', failures, ...COLUMNS, ...split]);
    const again = await vigia(['--data', data, '--failures', failures, ...COLUMNS, ...split]);
    for (const name of ['predictions.csv', 'report.html']) {
      expect(readFileSync(join(again.folder, name), 'utf8')).toBe(readFileSync(join(whole.folder, name), 'utf8'));
    }
    const day = 120;
    const known = fleet.failures.filter((line) => line.split(',')[1]! <= dateOf(day));
    const cut = file(`node,time\n${fleet.frames.slice(0, 24 * (day + 1)).join('\n')}\n`);
    const early = await vigia([
      '--data',
      cut,
      '--failures',
      failuresFile({ ...fleet, failures: known }),
      ...COLUMNS,
      ...split,
    ]);
    expect(predictionsOf(early)).toEqual(predictionsOf(whole).slice(0, 1 + 24 * 21));
  });

  test('rows in any order, compressed, are predicted as those in order', async () => {
    const ordered = await vigia(['--data', data, '--failures', failures, ...COLUMNS, ...split]);
    const mixed = file(gzipSync(`node,time\n${fleet.frames.toReversed().join('\n')}\n`), 'mixed.csv.gz');
    const ran = await vigia(['--data', mixed, '--failures', failures, ...COLUMNS, ...split]);
    expect(predictionsOf(ran).slice(1).toReversed()).toEqual(predictionsOf(ordered).slice(1));
    expect(reportOf(ran).data.notes.unsorted).toBe(24 * 159);
  });

  test('a walk predicts every row after its first cut, each by a model of what came before', async () => {
    const ran = await vigia(['--data', data, '--failures', failures, ...COLUMNS, '--horizons', '7d', '--walk', '30d']);
    expect(ran.code).toBe(0);
    const { training } = reportOf(ran);
    expect(training.cuts.length).toBe(3);
    const first = new Date(training.cuts[0]! * 1000).toISOString();
    const lines = predictionsOf(ran).slice(1);
    expect(lines.map(([entity, time]) => `${entity},${time}`)).toEqual(
      fleet.frames.filter((line) => `${line.split(',')[1]!}T00:00:00.000Z` >= first),
    );
  });

  test('the report stands alone, in the language of the reader', async () => {
    for (const [language, title] of [
      ['en', 'What would have been predicted'],
      ['es', 'Qué se habría predicho'],
    ] as const) {
      const ran = await vigia(['--data', data, '--failures', failures, ...COLUMNS, ...split], language);
      const html = readFileSync(join(ran.folder, 'report.html'), 'utf8');
      expect(html).toContain(`<html lang="${language}">`);
      expect(html).toContain(title);
      expect(html).not.toMatch(/<script|https?:\/\/|src=|NaN|undefined|\{\{/);
      expect(html.match(/<svg/g)!.length).toBeGreaterThan(10);
    }
  });
});

test('the report draws calibration, lead time, pages by day, every failure, rivals, and what it would have been worth', async () => {
  // Six of the nodes fail every noon, so that pages are right.
  const nodes = Array.from({ length: 24 }, (_, i) => `n${i}`);
  const days = Array.from({ length: 60 }, (_, day) => day);
  const frames = days.flatMap((day) => nodes.map((node) => `${node},${dateOf(day)}`));
  const failures = days.flatMap((day) => nodes.slice(0, 6).map((node) => `${node},${dateOf(day + 0.5)},noon`));
  const fleet = { frames, failures };
  const given = ['--data', framesFile(fleet), '--failures', failuresFile(fleet), ...COLUMNS];
  const ran = await vigia([...given, '--horizons', '1d', '--split', '2025-02-10', '--min-lead', '6h']);
  expect([ran.code, ran.err]).toEqual([0, '']);
  const { evaluation, cost, failures: stories, days: bars } = reportOf(ran);
  const { paging, byLead, rivals, reliability, curve } = evaluation.horizons[0]!;
  expect(paging).toMatchObject({ medianLead: 43_200, wrong: 0 });
  expect(paging.caught).toBe(paging.failures);
  expect(byLead.find(({ lead }) => lead <= 43_200)!.recall).toBe(1);
  expect(byLead.at(-1)!.recall).toBe(0);
  expect(rivals.map(({ name }) => name)).toEqual(['base-rate', 'recent-rate']);
  expect([reliability.length, curve.length].every((length) => length > 1)).toBe(true);
  expect(cost!.saved).toBeGreaterThan(cost!.spent);
  expect(bars.some(({ right }) => right === 6)).toBe(true);
  expect(stories.every(({ lead, said }) => lead === 43_200 && said.length > 0)).toBe(true);
  const html = readFileSync(join(ran.folder, 'report.html'), 'utf8');
  for (const part of [
    'Reliability diagram for 1d',
    'Precision against recall, at every threshold',
    'Precision and recall by lead time',
    'Right and false pages',
    'Every failure, and what was said before it',
    'AUPRC of the model and of naive methods',
    'What it would have been worth',
    'for 100 entities a day',
  ])
    expect(html).toContain(part);
});

test('a column that equals a future label is caught and named', async () => {
  const random = createRandom(3);
  const times: number[] = [];
  for (let at = 20; at < 380; at += 20 + random.int(20)) times.push(at + 0.5);
  const frames = ['a', 'b'].flatMap((machine) =>
    Array.from({ length: 400 }, (_, hour) => {
      const soon = machine === 'a' && times.some((at) => at > hour && at <= hour + 5);
      return `${machine},${hour},${random.next().toFixed(3)},${soon ? 1 : 0}`;
    }),
  );
  const data = file(`node,time,noise,hint\n${frames.join('\n')}\n`);
  // All failures are of one machine, so that no model has to be trained for this.
  const failures = file(`entity,time\n${times.map((at) => `a,${at}\n`).join('')}`);
  const argv = ['--data', data, '--failures', failures, ...COLUMNS, '--horizons', '5,15', '--split', '350'];
  const ran = await vigia(argv);
  expect(ran.err).toBe('');
  expect(reportOf(ran).leaks).toMatchObject([{ column: 'hint', kind: 'knows' }]);
  expect(ran.out).toContain('The column hint tells the future itself');
  expect(readFileSync(join(ran.folder, 'report.html'), 'utf8')).toContain('The column hint tells the future itself');
});

describe('too little evidence is said, and something honest predicted', () => {
  const fleet = nodeDays();
  const frames = fleet.frames.map((line) => `${line},1,`);
  const data = framesFile({ ...fleet, frames }, 'node,time,constant,missing');
  const at = (day: number): string => dateOf(day);
  test.each([
    ['no failures', [], 'no failure of these entities stands before the cut'],
    ['one failure', [`r0-0,${at(20)},x`], 'there is 1 failure before the cut'],
    [
      'failures of one entity only',
      [1, 2, 3, 4, 5, 6].map((day) => `r0-0,${at(9 * day)},x`),
      'all failures before the cut are of one entity, r0-0',
    ],
    [
      'all at once',
      [0, 3, 6, 9, 12].map((i) => `r0-${i},${at(30.5)},x`),
      'all failures before the cut are at one time',
    ],
    [
      'only before the data begins',
      [0, 3, 6, 9, 12].map((i) => `r0-${i},${at(-30 - i)},x`),
      'no failure of these entities',
    ],
    ['only after the cut', [0, 3, 6, 9, 12].map((i) => `r0-${i},${at(130 + i)},x`), 'no failure of these entities'],
    ['of strangers', [0, 3, 6, 9, 12].map((i) => `z-${i},${at(30 + i)},x`), 'no failure of these entities'],
  ])('%s', async (_, failures, message) => {
    const argv = [
      '--data',
      data,
      '--failures',
      failuresFile({ ...fleet, failures }),
      ...COLUMNS,
      '--horizons',
      '1d,7d',
    ];
    const ran = await vigia([...argv, '--split', '2025-04-11']);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(`Not enough evidence for a model: ${message}`);
    const rows = predictionsOf(ran).slice(1);
    expect(rows.length).toBe(60 * 24);
    expect(rows.every((row) => row.slice(2).every((cell) => Number.isFinite(Number(cell))))).toBe(true);
    expect(reportOf(ran).missing).not.toBeNull();
    expect(readFileSync(join(ran.folder, 'report.html'), 'utf8')).toContain('Not enough evidence for a model');
  });

  test('at some cuts of a walk only', async () => {
    const late = fleet.failures.filter((line) => line.split(',')[1]! > at(80));
    const bare = framesFile(fleet);
    const known = failuresFile({ ...fleet, failures: late });
    const ran = await vigia(['--data', bare, '--failures', known, ...COLUMNS, '--horizons', '7d', '--walk', '30d']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(reportOf(ran)).toMatchObject({ missing: null, thin: { cuts: 1, tuning: { key: 'backtest.no_failures' } } });
    const html = readFileSync(join(ran.folder, 'report.html'), 'utf8');
    expect(html).toContain('At 1 of 3 cuts there was too little evidence');
    expect(html).toContain('thresholds rest on what past failures alone say');
  });

  test('of another population too', async () => {
    const test = file(`node,time,constant,missing\n${frames.slice(0, 30).join('\n')}\n`);
    const none = file('entity,time\n');
    const ran = await vigia(['--data', data, '--failures', none, ...COLUMNS, '--horizons', '1d,7d', '--test', test]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain('Not enough evidence for a model');
    const rows = predictionsOf(ran).slice(1);
    expect(rows).toHaveLength(30);
    expect(rows.every((row) => row.slice(2).every((cell) => Number.isFinite(Number(cell))))).toBe(true);
    expect(reportOf(ran)).toMatchObject({ heldOut: true, missing: { key: 'backtest.no_failures' } });
  });

  test('overlapping failures and two rows for one time are taken as they are', async () => {
    const twice = framesFile({
      ...fleet,
      frames: fleet.frames.flatMap((line, i) => (i % 50 === 0 ? [line, line] : [line])),
    });
    const failures = failuresFile({ ...fleet, failures: fleet.failures.flatMap((line) => [line, line]) });
    const ran = await vigia([
      '--data',
      twice,
      '--failures',
      failures,
      ...COLUMNS,
      '--horizons',
      '7d',
      '--split',
      '2025-04-11',
    ]);
    expect(ran.code).toBe(0);
    expect(reportOf(ran).data.notes.repeated).toBe(Math.ceil(fleet.frames.length / 50));
  });
});

describe('times and their zones', () => {
  const split = ['--horizons', '1h', '--split', '2025-01-01 02:00'];
  const failures = (time: string): string => file(`entity,time\nx,${time}\n`);
  const frames = (zone: (hour: number) => string): string =>
    file(`node,time\n${[0, 1, 2, 3].map((hour) => `x,${zone(hour)}\n`).join('')}`);

  test('zones may differ from row to row: what counts is the moment', async () => {
    const moved = frames((hour) => `2025-01-01T0${hour + (hour % 2)}:00${hour % 2 === 0 ? 'Z' : '+01:00'}`);
    const ran = await vigia([
      '--data',
      moved,
      '--failures',
      failures('2025-01-01T04:30:00+01:00'),
      ...COLUMNS,
      ...split,
    ]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    const { data, evaluation } = reportOf(ran);
    expect(data.notes).toMatchObject({ unsorted: 0, repeated: 0 });
    expect(evaluation).toMatchObject({ rows: 2, failures: 1 });
    expect(data.zones).toBeNull();
  });

  test('a file that names none beside one that does counts as UTC, which is said', async () => {
    const zoned = frames((hour) => `2025-01-01T0${hour}:00:00+02:00`);
    const local = failures('2025-01-01 01:30');
    const ran = await vigia([
      '--data',
      zoned,
      '--failures',
      local,
      ...COLUMNS,
      '--horizons',
      '1h',
      '--split',
      '2025-01-01 00:00',
    ]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain(`The times of ${local} name no time zone and count as UTC; those of ${zoned} name one.`);
    expect(reportOf(ran).data.zones).toEqual({ named: zoned, unnamed: local });
    expect(readFileSync(join(ran.folder, 'report.html'), 'utf8')).toContain('name no time zone and count as UTC');
  });
});

describe('bad input ends with exit code 2 and one line', () => {
  const good = file('node,time,a\nx,1,1\nx,2,2\nx,3,3\ny,1,1\ny,2,2\ny,3,4\n');
  const failures = file('entity,time\nx,3\n');
  const given = { data: good, failures, horizons: '1,2', split: '2', entity: 'node', time: 'time' };
  const argv = (options: Record<string, string | undefined>): string[] =>
    Object.entries({ ...given, ...options }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
  const badFile = (text: string): string => file(text);
  test.each<[string, Record<string, string | undefined>, string | RegExp]>([
    [
      'horizons out of order',
      { horizons: '20,10' },
      '--horizons: 10 does not lie beyond 20. Write them from the smallest to the largest.',
    ],
    ['a horizon twice', { horizons: '10,10' }, '--horizons: 10 does not lie beyond 10.'],
    ['a horizon of 0', { horizons: '0,10' }, '--horizons: "0" is no length of time above 0.'],
    [
      'a horizon in words',
      { horizons: 'soon' },
      '--horizons: "soon" is no length of time above 0. Write 10,20,30 or 15m,6h,7d.',
    ],
    ['a unit where times have none', { horizons: '15m' }, '15m: the times are numbers without a unit.'],
    ['no cut', { split: undefined }, 'Say where to cut, once: --split TIME, --walk DURATION or --test TEST.csv.'],
    ['two cuts', { walk: '1' }, 'Say where to cut, once'],
    [
      'a cut before everything',
      { split: '0' },
      '--split: 0 leaves no row on one side; the times run from 1 to 3. Cut in between.',
    ],
    ['a cut after everything', { split: '9' }, '--split: 9 leaves no row on one side'],
    ['a cut that is no time', { split: 'noon' }, '--split:1: "noon" is not a time.'],
    [
      'a cut of another kind',
      { split: '2025-01-01' },
      '--split:1: "2025-01-01" is a date where the other times are numbers.',
    ],
    ['a walk longer than history', { split: undefined, walk: '50' }, '--walk: 50 is longer than half of the history.'],
    ['too many cuts', { split: undefined, walk: '0.01' }, /^--walk: 0.01 makes \d+ cuts, at most 24 are made/],
    ['a precision above 1', { precision: '80' }, '--precision: "80" is no share.'],
    ['a lead beyond the horizon', { 'min-lead': '2' }, '--min-lead: 2 is not shorter than the largest horizon.'],
    [
      'an unknown entity column',
      { entity: 'host' },
      /:1: there is no column host, only node, time, a. Name it with --entity.$/,
    ],
    [
      'an unknown time column',
      { time: 'cycle' },
      /:1: there is no column cycle, only node, time, a. Name it with --time.$/,
    ],
    ['one column for both', { time: 'node' }, /:1: the column node cannot be entity and time at once/],
    ['no such file', { data: join(folder, 'none.csv') }, /none.csv:1: there is no such file/],
    ['no such failures', { failures: join(folder, 'none.csv') }, /none.csv:1: there is no such file/],
  ])('%s', async (_, options, message) => {
    expect(await complaintOf(argv(options))).toMatch(pattern(message));
  });

  test.each<[string, 'data' | 'failures' | 'events' | 'test', string, RegExp]>([
    ['an empty file', 'data', '', /:1: it is empty/],
    ['a header alone', 'data', 'node,time,a\n', /:1: nothing follows the header/],
    ['a time in words', 'data', 'node,time,a\nx,1,1\nx,noon,1\n', /:3: "noon" is not a time/],
    ['an empty time', 'data', 'node,time,a\nx,1,1\nx,,1\n', /:3: "" is not a time/],
    [
      'a date among numbers',
      'data',
      'node,time,a\nx,1,1\nx,2025-01-01,1\n',
      /:3: "2025-01-01" is a date where the other times are numbers/,
    ],
    [
      'a number among dates',
      'data',
      'node,time,a\nx,2025-01-01,1\nx,7,1\n',
      /:3: "7" is a number where the other times are dates/,
    ],
    [
      'mixed time zones',
      'data',
      'node,time,a\nx,2025-01-01 10:00,1\nx,2025-01-01T10:00:00+02:00,1\n',
      /:3: of ".*" and line 2 only one names a time zone/,
    ],
    ['no entity', 'data', 'node,time,a\nx,1,1\n,2,1\n', /:3: the column node is empty/],
    ['words among numbers', 'data', 'node,time,a\nx,1,1\nx,2,high\n', /:3: "high" in column a is not a number/],
    ['a column twice', 'data', 'node,time,a,a\nx,1,1,1\n', /:1: the column a is there twice/],
    ['ragged rows', 'data', 'node,time,a\nx,1,1\nx,2\n', /:3: 2 fields where line 1 has 3/],
    [
      'failures without entity',
      'failures',
      'host,time\nx,3\n',
      /:1: there is no column entity, only host, time. Begin the file with entity,time,kind/,
    ],
    ['failures without time', 'failures', 'entity,when\nx,3\n', /:1: there is no column time/],
    [
      'failures by date',
      'failures',
      'entity,time\nx,2025-01-01\n',
      /:2: "2025-01-01" is a date where the other times are numbers/,
    ],
    ['events without name', 'events', 'entity,time\nx,2\n', /:1: there is no column name/],
    ['a test without a column', 'test', 'node,time,b\nx,2,2\n', /:1: the column a of .* is not there/],
  ])('%s', async (_, option, text, message) => {
    expect(
      await complaintOf(argv({ [option]: badFile(text), ...(option === 'test' ? { split: undefined } : {}) })),
    ).toMatch(message);
  });

  /** The one line, where the exit code is 2 and nothing else was said. */
  async function complaintOf(argv: readonly string[]): Promise<string> {
    const { code, out, err } = await vigia(argv);
    return code === 2 && out === '' && !err.includes('\n') ? err : `exit code ${code}: ${out}${err}`;
  }

  const pattern = (message: string | RegExp): RegExp =>
    typeof message === 'string' ? new RegExp(`^${message.replaceAll(/[.?*+()[\]"]/g, String.raw`\$&`)}`) : message;

  test('a folder that cannot be made', async () => {
    const blocked = file('', 'blocked');
    const { code, err } = await vigia([...argv({}), '--out', join(blocked, 'x')]);
    expect(err).toMatch(/blocked\/x:1: it cannot be written/);
    expect(code).toBe(2);
  });

  test('a report that is in the way is left as it was', async () => {
    const target = join(folder, 'taken');
    mkdirSync(join(target, 'predictions.csv'), { recursive: true });
    const { code, err } = await vigia([...argv({}), '--out', target]);
    expect(err).toMatch(/predictions.csv:1: it cannot be written/);
    expect(code).toBe(2);
    expect(readdirSync(target)).toEqual(['predictions.csv']);
  });
});
