import type { Words } from '../../text/text.ts';
import { badInput } from '../files/bad-input.ts';
import { numberOf } from '../files/cell.ts';
import { type CsvRecord, readRecords } from '../files/read-records.ts';
import { createTimeReader, type TimeKind } from './time-text.ts';

/** A long table: one row an entity and time, in the order of the file. */
export interface FrameTable {
  readonly file: string;
  readonly kind: TimeKind;
  /** Whether its times name a zone; null where there was nothing to name one for. */
  readonly zoned: boolean | null;
  /** Names of the features. */
  readonly columns: readonly string[];
  /** Columns of text, which are no features. */
  readonly left: readonly string[];
  /** Entities in the order in which they come. */
  readonly entities: readonly string[];
  readonly rows: number;
  /** Index into `entities`, by row. */
  readonly entityOf: Int32Array;
  readonly time: Float64Array;
  /** The time as it stands in the file. */
  readonly timeText: readonly string[];
  /** rows × columns, row-major, NaN where missing. */
  readonly values: Float32Array;
}

/** What `vigia backtest` takes at most. */
const LIMITS = { columns: 1000, rows: 20_000_000, cells: 400_000_000 } as const;
const FIRST_ROWS = 4096;

export interface FrameColumns {
  readonly entity: string;
  readonly time: string;
}

interface Layout {
  readonly entity: number;
  readonly time: number;
  /** Places of the features in a record. */
  readonly features: readonly number[];
  readonly columns: readonly string[];
  readonly left: readonly string[];
}

/** Reads a whole table. Throws what `badInput` makes. */
export async function readFrames(
  file: string,
  names: FrameColumns,
  { words, kind }: { readonly words: Words; readonly kind: TimeKind | null },
): Promise<FrameTable> {
  let header: CsvRecord | null = null;
  let layout: Layout | null = null;
  const times = createTimeReader(file, words, kind);
  const rows = createRowBuffer();
  const readRow = ({ cells, line }: CsvRecord, { entity, time, features, columns }: Layout): void => {
    if (rows.count() >= Math.min(LIMITS.rows, LIMITS.cells / Math.max(1, features.length))) {
      throw badInput(words, 'manyRows', { file, line, limit: rows.count() });
    }
    if (cells[entity]!.trim() === '') throw badInput(words, 'noEntity', { file, line, column: names.entity });
    rows.add(cells[entity]!, cells[time]!, times.read(cells[time]!, line));
    for (const [place, column] of features.entries()) {
      const found = cells[column]!;
      const value = numberOf(found);
      if (value === undefined) throw badInput(words, 'number', { file, line, found, column: columns[place]! });
      rows.value(value);
    }
  };
  for await (const batch of readRecords(file, words)) {
    for (const record of batch) {
      if (header === null) {
        header = record;
        continue;
      }
      layout ??= layoutOf(header, record, { file, names, words });
      readRow(record, layout);
    }
  }
  if (layout === null) {
    if (header !== null) placesOf(header, { file, names, words });
    throw badInput(words, 'headerOnly', { file, line: header?.line ?? 1 });
  }
  const { columns, left } = layout;
  return { file, kind: times.kind(), zoned: times.zoned(), columns, left, ...rows.finish() };
}

interface Place {
  readonly file: string;
  readonly names: FrameColumns;
  readonly words: Words;
}

function placesOf({ cells, line }: CsvRecord, { file, names, words }: Place): { entity: number; time: number } {
  const headers = cells.map((cell) => cell.trim());
  const double = headers.find((name, place) => name !== '' && headers.indexOf(name) < place);
  if (double !== undefined) throw badInput(words, 'duplicate', { file, line, column: double });
  const find = (column: string, option: string): number => {
    const place = headers.indexOf(column);
    if (place < 0) throw badInput(words, 'noColumn', { file, line, column, option, found: headers.join(', ') });
    return place;
  };
  const places = { entity: find(names.entity, '--entity'), time: find(names.time, '--time') };
  if (places.entity === places.time) throw badInput(words, 'sameColumn', { file, line, column: names.time });
  return places;
}

/** Features are all other columns but those with text in the first row. */
function layoutOf(header: CsvRecord, first: CsvRecord, place: Place): Layout {
  const { entity, time } = placesOf(header, place);
  const others = header.cells.flatMap((_, column) => (column === entity || column === time ? [] : [column]));
  const nameOf = (column: number): string => header.cells[column]!.trim() || `c${column + 1}`;
  const features = others.filter((column) => numberOf(first.cells[column]!) !== undefined);
  if (features.length > LIMITS.columns) {
    const { file, words } = place;
    throw badInput(words, 'manyColumns', { file, line: header.line, found: features.length, limit: LIMITS.columns });
  }
  const left = others.filter((column) => !features.includes(column)).map(nameOf);
  return { entity, time, features, columns: features.map(nameOf), left };
}

/** Gathers rows in arrays that double when they are full. */
function createRowBuffer() {
  const places = new Map<string, number>();
  const texts = new Map<string, string>();
  const timeText: string[] = [];
  let entityOf = new Int32Array(FIRST_ROWS);
  let time = new Float64Array(FIRST_ROWS);
  let values = new Float32Array(FIRST_ROWS);
  let cells = 0;
  /** One copy of a text that many rows share. */
  const shared = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size >= 100_000) texts.clear();
    texts.set(text, text);
    return text;
  };
  return {
    count: () => timeText.length,
    add: (entity: string, text: string, at: number) => {
      const row = timeText.length;
      if (row === time.length) {
        entityOf = doubled(entityOf, new Int32Array(2 * row));
        time = doubled(time, new Float64Array(2 * row));
      }
      let place = places.get(entity);
      if (place === undefined) places.set(entity, (place = places.size));
      entityOf[row] = place;
      time[row] = at;
      timeText.push(shared(text));
    },
    value: (value: number) => {
      if (cells === values.length) values = doubled(values, new Float32Array(2 * cells));
      values[cells++] = value;
    },
    finish: () => ({
      entities: [...places.keys()],
      rows: timeText.length,
      entityOf: entityOf.subarray(0, timeText.length),
      time: time.subarray(0, timeText.length),
      timeText,
      values: values.subarray(0, cells),
    }),
  };
}

function doubled<T extends Int32Array | Float64Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
