const LF = 10;
const EQUALS = 61;
const LENGTH_BYTES = 8;
/** Longest name of a field: systemd itself takes no longer ones. */
const MAX_NAME = 64;

/** The fields that are kept of an entry; all others are passed over without being held. */
const WANTED = new Set([
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  'CONTAINER_NAME',
  '_HOSTNAME',
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  '_COMM',
  '_PID',
  '__CURSOR',
  '__REALTIME_TIMESTAMP',
]);

export type JournalEntry = ReadonlyMap<string, string>;

/**
 * Reads systemd's journal export format piece by piece: fields as `NAME=text` or, with any bytes in them, as `NAME`, eight bytes
 * of length and the bytes; an empty line ends an entry. Holds no more than the limit of a field: a longer text is cut, what
 * is no such format is passed over to the next empty line and counted.
 */
export class JournalEntries {
  readonly #limit: number;
  #rest: Buffer = Buffer.alloc(0);
  #entry = new Map<string, string>();
  /** Bytes of a value that are still to come: those that are kept, and those passed over. */
  #value: { readonly name: string; readonly parts: Buffer[]; keep: number; skip: number } | null = null;
  /** The rest of a line is passed over, and whether its field was cut short by that. */
  #skipLine = false;
  /** Lines that are none of the format. */
  refused = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next bytes; returns the entries that are whole. */
  take(bytes: Buffer): readonly JournalEntry[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const entries: JournalEntry[] = [];
    let at = 0;
    for (let next = this.#next(all, at, entries); next > at; next = this.#next(all, at, entries)) at = next;
    this.#rest = Buffer.from(all.subarray(at));
    return entries;
  }

  /** Where what begins at `at` ends; `at` when there is not enough of it. */
  #next(all: Buffer, at: number, entries: JournalEntry[]): number {
    if (at >= all.length) return at;
    if (this.#value !== null) return this.#bytesOfValue(all, at);
    const end = all.indexOf(LF, at);
    if (this.#skipLine) {
      this.#skipLine = end < 0;
      return end < 0 ? all.length : end + 1;
    }
    if (end < 0) return this.#endless(all, at);
    if (end === at) this.#finish(entries);
    else return this.#field(all, at, end);
    return end + 1;
  }

  #finish(entries: JournalEntry[]): void {
    if (this.#entry.size > 0) entries.push(this.#entry);
    this.#entry = new Map();
  }

  #field(all: Buffer, at: number, end: number): number {
    const equals = all.indexOf(EQUALS, at);
    if (equals >= 0 && equals < end) {
      this.#set(all.toString('latin1', at, equals), all.subarray(equals + 1, end));
      return end + 1;
    }
    if (end - at > MAX_NAME) {
      this.refused += 1;
      return end + 1;
    }
    if (all.length < end + 1 + LENGTH_BYTES) return at;
    const length = Number(all.readBigUInt64LE(end + 1));
    if (!Number.isSafeInteger(length)) {
      this.refused += 1;
      return end + 1;
    }
    const name = all.toString('latin1', at, end);
    const keep = WANTED.has(name) ? Math.min(length, this.#limit) : 0;
    // A line end follows the value.
    this.#value = { name, parts: [], keep, skip: length - keep + 1 };
    return end + 1 + LENGTH_BYTES;
  }

  #bytesOfValue(all: Buffer, at: number): number {
    const value = this.#value!;
    const kept = Math.min(value.keep, all.length - at);
    if (kept > 0) value.parts.push(Buffer.from(all.subarray(at, at + kept)));
    value.keep -= kept;
    const skipped = Math.min(value.skip, all.length - at - kept);
    value.skip -= skipped;
    if (value.keep === 0 && value.skip === 0) {
      if (WANTED.has(value.name)) this.#set(value.name, Buffer.concat(value.parts));
      this.#value = null;
    }
    return at + kept + skipped;
  }

  /** A line longer than may be held: its beginning is what is kept of it. */
  #endless(all: Buffer, at: number): number {
    if (all.length - at <= this.#limit + MAX_NAME) return at;
    const equals = all.indexOf(EQUALS, at);
    if (equals >= 0 && equals - at <= MAX_NAME) this.#set(all.toString('latin1', at, equals), all.subarray(equals + 1));
    else this.refused += 1;
    this.#skipLine = true;
    return all.length;
  }

  #set(name: string, value: Buffer): void {
    // A field may be there several times; the first is what was meant.
    if (WANTED.has(name) && !this.#entry.has(name)) this.#entry.set(name, value.toString('utf8', 0, this.#limit));
  }
}
