import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createText } from '../../text/text.ts';
import { isHeader, numberOf, timeOf } from './cell.ts';
import { createLineFile, csvField } from './line-file.ts';
import { readRecords } from './read-records.ts';
import { openWideTable } from './wide-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const words = createText()('en');
const name = join(folder, 'table.csv');

async function cellsOf(content: string | Buffer): Promise<{ lines: number[]; cells: (readonly string[])[] }> {
  writeFileSync(name, content);
  const lines: number[] = [];
  const cells: (readonly string[])[] = [];
  for await (const batch of readRecords(name, words))
    for (const record of batch) {
      lines.push(record.line);
      cells.push(record.cells);
    }
  return { lines, cells };
}

async function mistakeIn(content: string | Buffer): Promise<string> {
  writeFileSync(name, content);
  try {
    const table = await openWideTable(name, words);
    let count = 0;
    for await (const batch of table.rows(table.numeric)) count += batch.length;
    return `none in ${count} rows`;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

describe('records', () => {
  test('whatever is written is read again, plain or compressed, in pieces of any size', async () => {
    const cell = fc.oneof(
      fc.double({ noNaN: true }).map(String),
      fc.string({ maxLength: 12 }).filter((text) => text.trim() !== ''),
    );
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 20 }),
      );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        async (rows, end, gz, last) => {
          const text = rows.map((row) => row.map(csvField).join(',')).join(end) + (last ? end : '');
          const { cells } = await cellsOf(gz ? gzipSync(text) : text);
          expect(cells).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('knows lines, a byte order mark, blank lines and quoted ends of lines', async () => {
    expect(await cellsOf('\ufeffa,b\r\n1,2\r\n\r\n"x\ny",4\r\n5,6\r\n\r\n')).toEqual({
      lines: [1, 2, 5, 6],
      cells: [
        ['a', 'b'],
        ['1', '2'],
        ['x\ny', '4'],
        ['5', '6'],
      ],
    });
  });

  test('a file larger than a piece keeps its lines', async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row / 7}`);
    const { lines, cells } = await cellsOf(gzipSync(rows.join('\n')));
    expect(cells.map((cell) => cell.join(','))).toEqual(rows);
    expect(lines[29_999]).toBe(30_000);
  });

  test('leaving early closes the file', async () => {
    writeFileSync(name, '1,2\n'.repeat(100_000));
    for await (const batch of readRecords(name, words)) if (batch.length > 0) break;
    const open = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
  });
});

describe('cells', () => {
  test.each([
    ['1', 1],
    ['-1.5e-3', -0.0015],
    ['+.5', 0.5],
    ['0', 0],
    ['-0', -0],
    [' 7 ', 7],
    ['1e400', Number.NaN],
    ['-inf', Number.NaN],
    ['Infinity', Number.NaN],
    ['', Number.NaN],
    ['  ', Number.NaN],
    ['nan', Number.NaN],
    ['NaN', Number.NaN],
    ['null', Number.NaN],
    ['N/A', Number.NaN],
    ['0x10', undefined],
    [' 0x10', undefined],
    ['0b0', undefined],
    ['12ms', undefined],
    ['1,5', undefined],
    ['error', undefined],
  ])('%j is %j', (cell, value) => {
    expect(numberOf(cell)).toBe(value);
  });

  test('every number is itself again', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(numberOf(String(value))).toBe(value);
        expect(numberOf(value.toExponential())).toBe(Number(value.toExponential()));
      }),
    );
  });

  test.each([
    [['1', '2'], false],
    [['1', '', 'NaN'], false],
    [['nan', '-1e5'], false],
    [['1', 'b'], true],
    [['1', 'null'], true],
    [['2026-01-01T00:00:00Z', '1'], true],
  ])('%j is a header: %j', (cells, header) => {
    expect(isHeader(cells)).toBe(header);
  });

  test.each([
    ['2026-01-31T23:59:58Z', '2026-01-31T23:59:58.000Z'],
    ['2026-01-31 23:59:58', '2026-01-31T23:59:58.000Z'],
    ['2026-01-31 23:59', '2026-01-31T23:59:00.000Z'],
    ['2026-01-31T23:59:58.250+02:00', '2026-01-31T21:59:58.250Z'],
    ['2026-01-31T23:59:58 -0330', '2026-02-01T03:29:58.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T24:00:00Z', '2026-02-01T00:00:00.000Z'],
    ['1769903998', '2026-01-31T23:59:58.000Z'],
    ['1769903998.25', '2026-01-31T23:59:58.250Z'],
    ['-1', '1969-12-31T23:59:59.000Z'],
  ])('%s is %s', (cell, moment) => {
    expect(new Date(timeOf(cell)!).toISOString()).toBe(moment);
  });

  test.each(['', 'NaN', '2026-02-30', '2026-13-01', '2026-01-31T25:00', '31/01/2026', 'yesterday', '1e300', '26-1-1'])(
    '%j is no time',
    (cell) => expect(timeOf(cell)).toBeUndefined(),
  );

  test('a moment written by any clock is read as it was meant', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }), (date) => {
        expect(timeOf(date.toISOString())).toBe(date.getTime());
        expect(timeOf(date.toISOString().replace('T', ' ').replace('Z', ''))).toBe(date.getTime());
      }),
    );
  });
});

describe('a wide table', () => {
  const tableOf = async (content: string) => {
    writeFileSync(name, content);
    const table = await openWideTable(name, words);
    const rows = [];
    for await (const batch of table.rows(table.numeric)) rows.push(...batch);
    return { ...table, all: rows.map(({ time, timeText, values }) => [time, timeText, Array.from(values)].flat()) };
  };

  test('with header and time', async () => {
    const { columns, timed, headed, all } = await tableOf('Timestamp,a,,"c,d"\n1970-01-01 00:01,1,,3\n61,4,NaN,6\n');
    expect({ columns, timed, headed }).toEqual({ columns: ['a', 'c3', 'c,d'], timed: true, headed: true });
    expect(all).toEqual([
      [60_000, '1970-01-01 00:01', 1, Number.NaN, 3],
      [61_000, '61', 4, Number.NaN, 6],
    ]);
  });

  test('without either, and with a single row', async () => {
    const { columns, timed, headed, all } = await tableOf('1,,3');
    expect({ columns, timed, headed, all }).toEqual({
      columns: ['c1', 'c2', 'c3'],
      timed: false,
      headed: false,
      all: [[Number.NaN, '', 1, Number.NaN, 3]],
    });
  });

  test('a column of text labels the rows', async () => {
    const { numeric, all } = await tableOf('time,host,a\n0,web-1,5\n1,web-2,6\n');
    expect(numeric).toEqual([1]);
    expect(all).toEqual([
      [0, '0', 5],
      [1000, '1', 6],
    ]);
  });

  test.each([
    ['', 'table.csv:1: it is empty. Give a file with at least one row.'],
    ['\n\r\n\n', 'table.csv:1: it is empty. Give a file with at least one row.'],
    ['time,a\n', 'table.csv:1: nothing follows the header. Give a file with at least one row.'],
    ['a,b\n1,2\n1\n', 'table.csv:3: 1 fields where line 1 has 2. Give every row as many.'],
    ['a,b\n1,2\n1,2,3\n', 'table.csv:3: 3 fields where line 1 has 2. Give every row as many.'],
    ['a,a\n1,2\n', 'table.csv:1: the column a is there twice. Rename one of them.'],
    ['time,a\nsoon,2\n', 'table.csv:2: "soon" is not a time. Write 2026-01-31T23:59:00Z, or seconds since 1970.'],
    [
      'a,b\n1,2\n3,4 ms\n',
      'table.csv:3: "4 ms" in column b is not a number. Correct it, or leave it empty where the value is missing.',
    ],
    [
      'a;b\n1;2\n',
      'table.csv:2: no column holds numbers. Give at least one besides the time, and separate fields by commas.',
    ],
    [
      'time\n1\n',
      'table.csv:1: no column holds numbers. Give at least one besides the time, and separate fields by commas.',
    ],
    [
      'a,b\n1,"2\n',
      'table.csv:2: a quotation mark is not closed, or stands inside a field. Write " as "" inside a quoted field.',
    ],
    [
      'a,b\n1,2\n1,2"3\n',
      'table.csv:3: a quotation mark is not closed, or stands inside a field. Write " as "" inside a quoted field.',
    ],
    [`1${',1'.repeat(1000)}\n`, 'table.csv:1: 1001 columns; at most 1000 can be scored. Choose fewer.'],
    [
      gzipSync('1,2\n'.repeat(9000)).subarray(0, 40),
      'table.csv:2193: the compressed data ends early or is damaged. Compress or copy the file again.',
    ],
  ])('%#: says what is wrong in one line', async (content, message) => {
    const found = await mistakeIn(content);
    expect(found).not.toContain('\n');
    expect(found).toBe(join(folder, message));
  });

  test('a hundred megabytes in one field need no memory', async () => {
    const open = Buffer.from(`a,b\n1,"${'x'.repeat(1 << 16)}`);
    const big = Buffer.concat([open, Buffer.alloc(100_000_000, 'y')]);
    const found = await mistakeIn(big);
    expect(found).toBe(
      `${name}:2: the row has more than 1 MiB of text. Remove the text column, or close its quotation mark.`,
    );
  });

  test('nor do megabytes of nothing but separators', async () => {
    const found = await mistakeIn(Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.alloc(12_000_000, ',')]));
    expect(found).toBe(
      `${name}:3: the row has more than 5 MiB of text. Remove the text column, or close its quotation mark.`,
    );
  });

  test('what cannot be read', async () => {
    await expect(openWideTable(join(folder, 'none.csv'), words)).rejects.toThrow(
      'none.csv:1: there is no such file. Check the path.',
    );
    await expect(openWideTable(folder, words)).rejects.toThrow(`${folder}:1: this is a folder. Name a file.`);
  });

  test('the line of a mistake is on one line, however the cell is written', async () => {
    const found = await mistakeIn('a,b\n1,2\n3,"x\ny\u001b[31m"\n');
    expect(found).toContain(':4: "x y [31m" in column b is not a number');
  });
});

describe('a file of lines', () => {
  const out = join(folder, 'out.csv');

  test('is there only when it is complete', async () => {
    const file = await createLineFile(out, { words });
    for (let row = 0; row < 100_000; row++) await file.write(`row ${row}`);
    expect(existsSync(out)).toBe(false);
    await file.finish();
    expect(readFileSync(out, 'utf8').split('\n').length).toBe(100_001);
    expect(readdirSync(folder).filter((one) => one.endsWith('.part'))).toEqual([]);
  });

  test('leaves what was there when it is given up', async () => {
    writeFileSync(out, 'before');
    const file = await createLineFile(out, { words });
    await file.write('half');
    await file.abandon();
    expect(readFileSync(out, 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((one) => one.endsWith('.part'))).toEqual([]);
  });

  test('says what is in the way', async () => {
    await expect(createLineFile(join(folder, 'no/out.csv'), { words })).rejects.toThrow(
      'no/out.csv:1: it cannot be written (ENOENT). Check the folder and its rights.',
    );
    await expect(createLineFile(out, { words, reads: [join(folder, './out.csv')] })).rejects.toThrow(
      'this file is read, so it cannot be written too',
    );
    const file = await createLineFile(folder, { words });
    await expect(file.finish()).rejects.toThrow('it cannot be written');
  });
});
