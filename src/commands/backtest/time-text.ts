import type { Words } from '../../text/text.ts';
import { badInput } from '../files/bad-input.ts';
import { numberOf, timeOf } from '../files/cell.ts';

/** How a file says times: numbers that count in their own unit, or dates, which count in seconds since 1970. */
export type TimeKind = 'number' | 'date';

const ZONE = /(?:Z|[+-]\d\d(?::?\d\d)?)$/i;
/** Texts remembered at once. */
const MOST_KNOWN = 100_000;

interface Parsed {
  readonly time: number;
  readonly kind: TimeKind;
  /** Whether it names a zone; null where there is nothing to name one for. */
  readonly zone: boolean | null;
}

function parse(cell: string): Parsed | undefined {
  const number = numberOf(cell);
  if (number !== undefined) return Number.isNaN(number) ? undefined : { time: number, kind: 'number', zone: null };
  const ms = timeOf(cell);
  if (ms === undefined) return undefined;
  const text = cell.trim();
  return { time: ms / 1000, kind: 'date', zone: text.includes(':') ? ZONE.test(text.slice(11)) : null };
}

/**
 * Reads the times of one file. All must be of one kind, and name a zone all or none: what names none is UTC, and beside
 * others that name one it is more probably a mistake than meant. Throws what `badInput` makes.
 */
export function createTimeReader(file: string, words: Words, expected: TimeKind | null) {
  const known = new Map<string, Parsed>();
  let kind = expected;
  let zone: { readonly named: boolean; readonly line: number } | null = null;
  return {
    kind: (): TimeKind => kind ?? 'number',
    /** Whether its times name a zone; null where there was nothing to name one for. */
    zoned: (): boolean | null => zone?.named ?? null,
    read: (cell: string, line: number): number => {
      const before = known.get(cell);
      if (before !== undefined) return before.time;
      const parsed = parse(cell);
      if (parsed === undefined) throw badInput(words, 'badTime', { file, line, found: cell });
      kind ??= parsed.kind;
      if (parsed.kind !== kind) {
        throw badInput(words, kind === 'date' ? 'numberAmongDates' : 'dateAmongNumbers', { file, line, found: cell });
      }
      if (parsed.zone !== null) {
        zone ??= { named: parsed.zone, line };
        if (zone.named !== parsed.zone)
          throw badInput(words, 'mixedZones', { file, line, found: cell, first: zone.line });
      }
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(cell, parsed);
      return parsed.time;
    },
  };
}

/** Two files of which one names time zones and the other does not, so that it counts as UTC. */
export interface MixedZones {
  readonly named: string;
  readonly unnamed: string;
}

/** Null where all files name zones, or none does. */
export function mixedZones(
  files: readonly { readonly file: string; readonly zoned: boolean | null }[],
): MixedZones | null {
  const named = files.find(({ zoned }) => zoned === true);
  const unnamed = files.find(({ zoned }) => zoned === false);
  return named !== undefined && unnamed !== undefined ? { named: named.file, unnamed: unnamed.file } : null;
}

const LENGTH = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?$/;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A length of time: in the unit of the file as a bare number, else in seconds. Undefined where it is none above 0. */
export function lengthOf(text: string): { readonly value: number; readonly named: boolean } | undefined {
  const parts = LENGTH.exec(text.trim());
  if (parts === null) return undefined;
  const value = Number(parts[1]) * (SECONDS[parts[2] ?? ''] ?? 1);
  return value > 0 && Number.isFinite(value) ? { value, named: parts[2] !== undefined } : undefined;
}
