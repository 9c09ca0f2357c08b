import type { Words } from '../../text/text.ts';
import { badInput } from './bad-input.ts';
import { isHeader, numberOf, timeOf } from './cell.ts';
import { type CsvRecord, readRecords } from './read-records.ts';

/** One row of a wide table. */
export interface WideRow {
  readonly line: number;
  /** Unix ms; `NaN` where the table has no time column. */
  readonly time: number;
  /** The time as it stands in the file; empty where there is none. */
  readonly timeText: string;
  /** One number for each of the columns asked for, `NaN` where missing; a new array for each row. */
  readonly values: Float64Array;
}

/** A CSV file with a row for each frame and a column for each feature. */
export interface WideTable {
  readonly file: string;
  /** Whether its first line names the columns; otherwise they are `c1…cn`. */
  readonly headed: boolean;
  /** Whether its first column is the time. */
  readonly timed: boolean;
  /** Line of the first row. */
  readonly firstLine: number;
  /** Every column but the time, in the order of the file. */
  readonly columns: readonly string[];
  /** Indices of the columns that hold numbers: all but those with text in the first row, which label the rows. */
  readonly numeric: readonly number[];
  /** All rows in order, a piece of the file at a time, with these columns. May be called once. */
  rows(columns: readonly number[]): AsyncGenerator<readonly WideRow[]>;
  /** Needed only where `rows` is not called. */
  close(): Promise<void>;
}

/** What `vigia score` takes at most: of one table, and of the cells of a table without its time. */
export const WIDE_LIMITS = { columns: 1000, rows: 10_000_000, cells: 400_000_000 } as const;

const TIME_NAMES = new Set(['timestamp', 'time']);

interface Shape {
  readonly headed: boolean;
  readonly timed: boolean;
  readonly columns: readonly string[];
}

/** What the first line says: names of columns, or that there are none. */
function shapeOf({ cells, line }: CsvRecord, file: string, words: Words): Shape {
  const headed = isHeader(cells);
  const timed = headed && TIME_NAMES.has((cells[0] ?? '').trim().toLowerCase());
  const columns = cells.map((cell, place) => (headed && cell.trim() !== '' ? cell.trim() : `c${place + 1}`));
  if (timed) columns.shift();
  const double = columns.find((name, place) => columns.indexOf(name) < place);
  if (double !== undefined) throw badInput(words, 'duplicate', { file, line, column: double });
  if (columns.length > WIDE_LIMITS.columns)
    throw badInput(words, 'manyColumns', { file, line, found: columns.length, limit: WIDE_LIMITS.columns });
  if (columns.length === 0) throw badInput(words, 'noNumbers', { file, line });
  return { headed, timed, columns };
}

/**
 * Opens a wide table: reads as far as its first row, to know the columns. Every later mistake is thrown by `rows`; see
 * `badInput`. Memory stays bounded, whatever the file.
 */
export async function openWideTable(file: string, words: Words): Promise<WideTable> {
  const records = readRecords(file, words);
  try {
    let batch = await nextBatch(records);
    const first = batch[0]!;
    const shape = shapeOf(first, file, words);
    if (shape.headed) batch = batch.slice(1);
    if (batch.length === 0) batch = await nextBatch(records);
    const row = batch[0];
    if (row === undefined) throw badInput(words, 'headerOnly', { file, line: first.line });
    const offset = shape.timed ? 1 : 0;
    const numeric = shape.columns.flatMap((_, place) =>
      numberOf(row.cells[place + offset]!) === undefined ? [] : [place],
    );
    if (numeric.length === 0) throw badInput(words, 'noNumbers', { file, line: row.line });
    const source = { file, words, shape, batch, records };
    return {
      ...shape,
      file,
      firstLine: row.line,
      numeric,
      rows: (columns) => rowsOf(source, columns),
      close: async () => void (await records.return(undefined)),
    };
  } catch (thrown) {
    await records.return(undefined);
    throw thrown;
  }
}

async function nextBatch(records: AsyncGenerator<readonly CsvRecord[]>): Promise<readonly CsvRecord[]> {
  const { done, value } = await records.next();
  return done === true ? [] : value;
}

interface Source {
  readonly file: string;
  readonly words: Words;
  readonly shape: Shape;
  /** What was read while opening. */
  readonly batch: readonly CsvRecord[];
  readonly records: AsyncGenerator<readonly CsvRecord[]>;
}

async function* rowsOf(source: Source, columns: readonly number[]): AsyncGenerator<readonly WideRow[]> {
  const { file, words, shape, records } = source;
  const limit = Math.min(WIDE_LIMITS.rows, Math.floor(WIDE_LIMITS.cells / shape.columns.length));
  let count = 0;
  try {
    for (let batch = source.batch; batch.length > 0; batch = await nextBatch(records)) {
      count += batch.length;
      if (count > limit) {
        const { line } = batch[batch.length - (count - limit)]!;
        if (limit === WIDE_LIMITS.rows) throw badInput(words, 'manyRows', { file, line, limit });
        throw badInput(words, 'manyCells', { file, line, limit: WIDE_LIMITS.cells });
      }
      yield batch.map((record) => rowOf(record, source, columns));
    }
  } finally {
    await records.return(undefined);
  }
}

function rowOf({ line, cells }: CsvRecord, { file, words, shape }: Source, columns: readonly number[]): WideRow {
  const timeText = shape.timed ? cells[0]! : '';
  const time = shape.timed ? timeOf(timeText) : Number.NaN;
  if (time === undefined) throw badInput(words, 'time', { file, line, found: timeText });
  const offset = shape.timed ? 1 : 0;
  const values = new Float64Array(columns.length);
  for (let place = 0; place < columns.length; place++) {
    const cell = cells[columns[place]! + offset]!;
    const value = numberOf(cell);
    if (value === undefined)
      throw badInput(words, 'number', { file, line, found: cell, column: shape.columns[columns[place]!]! });
    values[place] = value;
  }
  return { line, time, timeText, values };
}
