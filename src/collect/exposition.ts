import { isUtf8 } from 'node:buffer';
import { CLOSE, CR, HASH, LF, OPEN, seriesEnd, skipBlanks, SPACE, TAB } from './line-bytes.ts';
import { Metadata } from './metadata.ts';
import { type NumberCursor, readNumber } from './number-text.ts';
import { type KnownLine, PageMemories } from './page-memories.ts';
import {
  addExemplar,
  addSample,
  createPage,
  drop,
  type PageLimits,
  type Sample,
  type SamplePage,
} from './sample-page.ts';
import { type DropReason, isDropReason, type SeriesRegistry, type Slot } from './series-registry.ts';
import { parseSeriesText, type SyntaxFault } from './series-text.ts';

/** Lines read in one go before other work gets its turn; some ms. */
const LINES_A_TURN = 10_000;
/** A sender that changes its mind about types all the time must not cost us the cache all the time. */
const FORGET_AT_MOST_EVERY_MS = 60_000;
/** The letter after `# ` in `# HELP`. */
const LETTER_H = 72;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

interface KnownSeries extends KnownLine {
  readonly slot: Slot;
}

/** Where one page has been read to. */
interface Reading {
  readonly bytes: Buffer;
  /** The same bytes, one character each. */
  readonly text: string;
  readonly openMetrics: boolean;
  readonly now: number;
  readonly page: SamplePage;
  /** Lines of the page before that began like this one, and how many lines of this one have been read. */
  lines: KnownLine[];
  index: number;
  at: number;
  line: number;
  begun: boolean;
  ended: boolean;
}

/**
 * Reads Prometheus text (0.0.4, and the quoted names of 1.0.0) and OpenMetrics. Made for pages that come again and
 * again: a line whose series stands at the same place as on the page before costs one comparison and one number;
 * labels are parsed once per series. One parser per source, as it remembers the source's pages.
 */
export class ExpositionParser {
  readonly #registry: SeriesRegistry;
  readonly #limits: PageLimits;
  readonly #metadata: Metadata;
  readonly #cursor: NumberCursor = { at: 0 };
  readonly #exemplarCursor: NumberCursor = { at: 0 };
  readonly #sample: Sample = { time: 0, value: 0 };
  /** Where the exemplar of the line that is read begins; -1 when it has none. */
  #exemplarAt = -1;
  readonly #known = new Map<string, KnownSeries>();
  readonly #memories = new PageMemories();
  #forgotten = -Infinity;

  constructor(registry: SeriesRegistry, limits: PageLimits) {
    this.#registry = registry;
    this.#limits = limits;
    this.#metadata = new Metadata(registry.limit);
  }

  /** Reads a whole page; stops at the first line that is not valid. `now` is the time of samples that name none. */
  async parse(bytes: Buffer, openMetrics: boolean, now: number): Promise<SamplePage> {
    const number = this.#registry.nextPage();
    const page = createPage(this.#limits, { now, number, capacity: Math.ceil(bytes.length / 64) });
    const text = bytes.toString('latin1');
    const position = { at: 0, line: 1, index: 0, begun: false, ended: false };
    const reading: Reading = { bytes, text, openMetrics, now, page, lines: [], ...position };
    while (!this.#readLines(reading)) await turn();
    if (openMetrics && !reading.ended) this.#fault(reading, 'no_eof');
    reading.lines.length = reading.index;
    this.#memories.trim();
    return page;
  }

  /** Forgets series that the registry has forgotten. */
  sweep(): void {
    for (const [raw, { slot }] of this.#known) if (!this.#registry.holds(slot)) this.#known.delete(raw);
    this.#memories.clear();
  }

  /** True when the page is done. */
  #readLines(reading: Reading): boolean {
    const { bytes, page } = reading;
    const until = reading.line + LINES_A_TURN;
    const end = bytes.length;
    while (reading.at < end) {
      const first = bytes[reading.at]!;
      if (first === LF) {
        reading.at += 1;
        reading.line += 1;
        if (reading.line >= until) return false;
      } else if (first === SPACE || first === TAB || first === CR) {
        reading.at += 1;
      } else {
        if (reading.ended) this.#fault(reading, 'after_eof');
        else if (first === HASH) this.#readComment(reading);
        else this.#readSample(reading);
        if (page.fault !== undefined) return true;
      }
    }
    return true;
  }

  #fault(reading: Reading, fault: SyntaxFault): void {
    reading.page.fault ??= { line: reading.line, fault };
  }

  #endOfLine({ text }: Reading, from: number): number {
    const end = text.indexOf('\n', from);
    return end === -1 ? text.length : end;
  }

  /** Like all that read a line, leaves `at` on the line feed that ends it, or at the end of the page. */
  #readComment(reading: Reading): void {
    const { bytes, text, at } = reading;
    const known = reading.lines[reading.index];
    if (known !== undefined && known.slot === undefined && text.startsWith(known.raw, at)) {
      const after = at + known.raw.length;
      if (after === text.length || bytes[after] === LF) {
        reading.index += 1;
        reading.at = after;
        return;
      }
    }
    const end = this.#endOfLine(reading, at);
    reading.at = end;
    // HELP is for people, and the most common comment.
    if (bytes[at + 2] === LETTER_H || end - at > this.#limits.lineBytes) return;
    this.#readDeclaration(reading, bytes.toString('latin1', at, end));
  }

  #readDeclaration(reading: Reading, raw: string): void {
    const line = raw.trimEnd();
    if (line === '# EOF') {
      reading.ended = reading.openMetrics;
      return;
    }
    const verdict = this.#metadata.declare(line);
    if (verdict === 'fault') this.#fault(reading, 'metadata');
    if (verdict === 'changed') this.#forget(reading);
    reading.lines[reading.index] = { raw, slot: undefined };
    reading.index += 1;
  }

  /** A type has changed: every series is looked up again, so that it gets its new type. */
  #forget(reading: Reading): void {
    if (Math.abs(reading.now - this.#forgotten) < FORGET_AT_MOST_EVERY_MS) return;
    this.#forgotten = reading.now;
    this.#known.clear();
    this.#memories.clear();
    reading.lines = [];
  }

  #readSample(reading: Reading): void {
    const { bytes, text, at } = reading;
    const known = reading.lines[reading.index];
    if (known?.slot !== undefined && text.startsWith(known.raw, at)) {
      const after = at + known.raw.length;
      const next = bytes[after];
      const separate = next === SPACE || next === TAB || bytes[after - 1] === CLOSE;
      if (separate && this.#readValue(reading, after, known.slot) === undefined) {
        reading.index += 1;
        return;
      }
    }
    this.#readOtherSample(reading);
  }

  /** A line whose series does not stand where it stood before, or never was. */
  #readOtherSample(reading: Reading): void {
    const { bytes, page, at } = reading;
    const end = this.#endOfLine(reading, at);
    if (end - at > this.#limits.lineBytes) {
      drop(page, 'line_too_long');
      reading.at = end;
      return;
    }
    const after = seriesEnd(bytes, at, end);
    const raw = bytes.toString('latin1', at, after);
    const known = this.#known.get(raw) ?? this.#resolve(raw);
    if (typeof known === 'object') {
      const fault = this.#readValue(reading, after, known.slot);
      if (fault !== undefined) this.#fault(reading, fault);
      this.#remember(reading, known);
    } else if (isDropReason(known)) {
      drop(page, known);
      reading.at = end;
    } else {
      this.#fault(reading, known);
    }
  }

  #remember(reading: Reading, known: KnownSeries): void {
    if (!reading.begun) {
      reading.begun = true;
      reading.lines = this.#memories.recall(known, reading.lines);
    }
    reading.lines[reading.index] = known;
    reading.index += 1;
  }

  #resolve(raw: string): KnownSeries | DropReason | SyntaxFault {
    // Beyond the limit nothing is parsed, so that a flood of labels costs little.
    if (this.#registry.full) return 'series_limit';
    const bytes = Buffer.from(raw, 'latin1');
    if (!isUtf8(bytes)) return 'invalid_utf8';
    const parsed = parseSeriesText(bytes.toString('utf8'));
    if (typeof parsed === 'string') return parsed;
    const { type, unit } = this.#metadata.lookup(parsed.name);
    const slot = this.#registry.slot(parsed, type, unit);
    if (typeof slot === 'string') return slot;
    // The common case is the canonical spelling: one string then serves both.
    const known: KnownSeries = { raw: raw === slot.series.key ? slot.series.key : raw, slot };
    // One series may be spelled in any number of ways.
    if (this.#known.size > 2 * this.#registry.limit) this.#known.clear();
    this.#known.set(known.raw, known);
    return known;
  }

  /** Reads value, time stamp and exemplar; returns what is wrong, or leaves `at` at the end of the line. */
  #readValue(reading: Reading, from: number, slot: Slot): SyntaxFault | undefined {
    const { bytes } = reading;
    const cursor = this.#cursor;
    const sample = this.#sample;
    sample.value = readNumber(bytes, skipBlanks(bytes, from), cursor);
    if (cursor.at < 0) return 'value';
    sample.time = reading.now;
    this.#exemplarAt = -1;
    if (bytes[cursor.at] !== LF) {
      const fault = this.#readTail(reading, skipBlanks(bytes, cursor.at));
      if (fault !== undefined) return fault;
    }
    reading.at = cursor.at;
    addSample(reading.page, slot, sample);
    if (this.#exemplarAt >= 0) this.#readExemplar(reading, slot);
    return undefined;
  }

  /** `{trace_id="…"} value [time]`; one that is not valid is passed over, for the sample is. */
  #readExemplar({ bytes, at: end, page }: Reading, slot: Slot): void {
    const after = seriesEnd(bytes, this.#exemplarAt, end);
    const parsed = parseSeriesText(`x${bytes.toString('utf8', this.#exemplarAt, after)}`);
    if (typeof parsed === 'string') return;
    const cursor = this.#exemplarCursor;
    const value = readNumber(bytes, skipBlanks(bytes, after), cursor);
    if (cursor.at < 0) return;
    const next = skipBlanks(bytes, cursor.at);
    const seconds = next < end && bytes[next] !== CR ? readNumber(bytes, next, cursor) : Number.NaN;
    const time = Number.isFinite(seconds) ? Math.round(seconds * 1000) : this.#sample.time;
    addExemplar(page, { slot, labels: parsed.labels, value, time });
  }

  /** What may follow a value: a time stamp, an exemplar, a carriage return. */
  #readTail(reading: Reading, from: number): SyntaxFault | undefined {
    const { bytes } = reading;
    const first = bytes[from];
    let at = from;
    if (first !== undefined && first !== LF && first !== CR && first !== HASH) {
      if (!this.#readTime(reading, from)) return 'timestamp';
      at = skipBlanks(bytes, this.#cursor.at);
    }
    const exemplar = exemplarStart(bytes, at);
    if (exemplar >= 0) {
      if (reading.openMetrics) this.#exemplarAt = exemplar;
      at = this.#endOfLine(reading, at);
    }
    if (bytes[at] === CR) at += 1;
    this.#cursor.at = at;
    return at < bytes.length && bytes[at] !== LF ? 'trailing' : undefined;
  }

  /** Milliseconds in Prometheus text, seconds in OpenMetrics. */
  #readTime({ bytes, openMetrics }: Reading, from: number): boolean {
    const number = readNumber(bytes, from, this.#cursor);
    const time = openMetrics ? Math.round(number * 1000) : number;
    this.#sample.time = time;
    return this.#cursor.at >= 0 && Number.isSafeInteger(time);
  }
}

/** Where the labels of an exemplar begin that stands here; -1 for none. */
function exemplarStart(bytes: Buffer, at: number): number {
  const begins = bytes[at] === HASH ? skipBlanks(bytes, at + 1) : -1;
  return begins >= 0 && bytes[begins] === OPEN ? begins : -1;
}
