import { Type } from 'typebox';

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const RATE_UNITS = { hour: DURATION_UNITS.h, day: DURATION_UNITS.d, week: 7 * DURATION_UNITS.d } as const;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const SIZE = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|TiB)$/;
const RATE = /^(\d+(?:\.\d+)?) per (hour|day|week)$/;
/** What stands for a secret: it is read from the environment or from a file, never written out. */
export const REFERENCE = /\$\{(env|file):([^${}]+)\}/;

const pattern = (expression: RegExp): string => expression.source;

/** A whole text that matches, split into number and unit; the schema has checked it before. */
function parse<Unit extends string>(expression: RegExp, units: Readonly<Record<Unit, number>>, text: string) {
  const match = expression.exec(text);
  if (match === null) throw new RangeError(`"${text}" does not match ${String(expression)}`);
  return { value: Number(match[1]), unit: units[match[2] as Unit] };
}

/** `5s`, `1.5h`, `7d` in milliseconds. Throws a RangeError for anything else. */
export function parseDuration(text: string): number {
  const { value, unit } = parse(DURATION, DURATION_UNITS, text);
  return Math.round(value * unit);
}

/** `64KiB`, `2GiB` in bytes. Throws a RangeError for anything else. */
export function parseSize(text: string): number {
  const { value, unit } = parse(SIZE, SIZE_UNITS, text);
  return Math.round(value * unit);
}

/** So many in a window of time. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** `2 per day`. Throws a RangeError for anything else. */
export function parseRate(text: string): Rate {
  const { value, unit } = parse(RATE, RATE_UNITS, text);
  return { count: value, windowMs: unit };
}

/** Writes a number of milliseconds, bytes or a window in the unit that leaves the shortest text. */
function write(units: Readonly<Record<string, number>>, value: number): string {
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0);
  const [unit, size] = fitting.at(-1) ?? ['', 1];
  return `${value / size}${unit}`;
}

interface UnitOptions {
  readonly default?: string;
  readonly description?: string;
}

/** A length of time; milliseconds inside. `expects` names the text that says what is expected. */
export const Duration = (options: UnitOptions & { readonly least?: string; readonly most?: string } = {}) =>
  Type.Codec(Type.String({ ...options, pattern: pattern(DURATION), expects: 'duration' }))
    .Decode(parseDuration)
    .Encode((ms) => write(DURATION_UNITS, ms));

/** A number of bytes. */
export const Size = (options: UnitOptions & { readonly least?: string; readonly most?: string } = {}) =>
  Type.Codec(Type.String({ ...options, pattern: pattern(SIZE), expects: 'size' }))
    .Decode(parseSize)
    .Encode((bytes) => write(SIZE_UNITS, bytes));

/** How often something may happen. */
export const PerTime = (options: UnitOptions = {}) =>
  Type.Codec(Type.String({ ...options, pattern: pattern(RATE), expects: 'rate' }))
    .Decode(parseRate)
    .Encode(({ count, windowMs }) => `${count} per ${write(RATE_UNITS, windowMs).slice(1)}`);

/** A secret: only a reference to it may be written; `loadConfig` puts the secret in its place. */
export const Secret = (options: UnitOptions = {}) =>
  Type.String({ ...options, pattern: `^${pattern(REFERENCE)}$`, expects: 'secret' });
