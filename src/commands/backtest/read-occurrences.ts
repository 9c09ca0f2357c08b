import type { Words } from '../../text/text.ts';
import { badInput } from '../files/bad-input.ts';
import { numberOf } from '../files/cell.ts';
import { type CsvRecord, readRecords } from '../files/read-records.ts';
import { createTimeReader, type TimeKind } from './time-text.ts';
import type { FrameColumns } from './read-frames.ts';

/** One line of FAILURES or EVENTS. */
export interface Occurrence {
  readonly entity: string;
  readonly time: number;
  /** Kind of a failure, name of an event; empty where there is none. */
  readonly name: string;
  /** Of an event; NaN where there is none. */
  readonly value: number;
}

/** All of a file, by rising time. */
interface Occurrences {
  readonly file: string;
  /** Whether its times name a zone; null where there was nothing to name one for. */
  readonly zoned: boolean | null;
  readonly items: readonly Occurrence[];
}

const MOST_LINES = 20_000_000;

export interface OccurrenceFile {
  /** Names under which entity and time stand in FRAMES: these files may use them too. */
  readonly names: FrameColumns;
  readonly kind: TimeKind;
  readonly words: Words;
}

/** FAILURES: `entity,time[,kind]`. May hold nothing but its header. Throws what `badInput` makes. */
export const readFailures = (file: string, given: OccurrenceFile): Promise<Occurrences> =>
  readOccurrences(file, given, { name: 'kind', needed: false });

/** EVENTS: `entity,time,name[,value]`. */
export const readEvents = (file: string, given: OccurrenceFile): Promise<Occurrences> =>
  readOccurrences(file, given, { name: 'name', needed: true });

async function readOccurrences(
  file: string,
  { names, kind, words }: OccurrenceFile,
  wanted: { readonly name: string; readonly needed: boolean },
): Promise<Occurrences> {
  const times = createTimeReader(file, words, kind);
  const found: Occurrence[] = [];
  let places: { entity: number; time: number; name: number; value: number } | null = null;
  for await (const batch of readRecords(file, words)) {
    for (const record of batch) {
      const { cells, line } = record;
      if (places === null) {
        places = placesOf(record, { file, names, words }, wanted);
        continue;
      }
      if (found.length >= MOST_LINES) throw badInput(words, 'manyRows', { file, line, limit: MOST_LINES });
      const entity = cells[places.entity]!;
      if (entity.trim() === '') throw badInput(words, 'noEntity', { file, line, column: 'entity' });
      const text = places.value < 0 ? '' : cells[places.value]!;
      const value = numberOf(text);
      if (value === undefined) throw badInput(words, 'number', { file, line, found: text, column: 'value' });
      const time = times.read(cells[places.time]!, line);
      found.push({ entity, time, name: places.name < 0 ? '' : cells[places.name]!.trim(), value });
    }
  }
  return { file, zoned: times.zoned(), items: found.sort((a, b) => a.time - b.time) };
}

function placesOf(
  { cells, line }: CsvRecord,
  { file, names, words }: { readonly file: string; readonly names: FrameColumns; readonly words: Words },
  wanted: { readonly name: string; readonly needed: boolean },
) {
  const headers = cells.map((cell) => cell.trim());
  const find = (...spellings: readonly string[]): number => headers.findIndex((name) => spellings.includes(name));
  const places = {
    entity: find('entity', names.entity),
    time: find('time', names.time),
    name: find(wanted.name),
    value: wanted.needed ? find('value') : -1,
  };
  const missing =
    places.entity < 0 ? 'entity' : places.time < 0 ? 'time' : wanted.needed && places.name < 0 ? wanted.name : null;
  if (missing !== null) {
    const expected = wanted.needed ? 'entity,time,name,value' : 'entity,time,kind';
    throw badInput(words, 'noHeader', { file, line, column: missing, found: headers.join(', '), expected });
  }
  return places;
}
