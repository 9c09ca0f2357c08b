/** How a unit becomes its base unit: `value × scale + offset`. */
export interface BaseUnit {
  readonly unit: string;
  readonly scale: number;
  readonly offset: number;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const times = (unit: string, scale: number, ...spellings: readonly string[]): [string, BaseUnit][] =>
  spellings.map((spelling) => [spelling, { unit, scale, offset: 0 }]);

/** SI prefixes as UCUM's table 1 writes them, for the units that take them. */
const PREFIXES: readonly (readonly [string, string, number])[] = [
  ['n', 'nano', 1e-9],
  ['u', 'micro', 1e-6],
  ['m', 'milli', 1e-3],
  ['', '', 1],
  ['k', 'kilo', 1e3],
  ['M', 'mega', 1e6],
  ['G', 'giga', 1e9],
];

const prefixed = (unit: string, symbol: string, words: readonly string[]): [string, BaseUnit][] =>
  PREFIXES.flatMap(([short, long, scale]) =>
    times(unit, scale, `${short}${symbol}`, ...words.map((word) => `${long}${word}`)),
  );

/** Binary (IEC 80000-13) and decimal multiples of a byte. */
const BYTES: readonly (readonly [string, string, number])[] = [
  ['Ki', 'kibi', 2 ** 10],
  ['Mi', 'mebi', 2 ** 20],
  ['Gi', 'gibi', 2 ** 30],
  ['Ti', 'tebi', 2 ** 40],
  ['k', 'kilo', 1e3],
  ['K', 'kilo', 1e3],
  ['M', 'mega', 1e6],
  ['G', 'giga', 1e9],
  ['T', 'tera', 1e12],
];

/**
 * Units as OpenMetrics and Prometheus spell them (`milliseconds`), as UCUM does (`ms`, `KiBy`, `Cel`) and as programs
 * do (`KiB`). Only multiples of a base unit: what is none stays as it is.
 */
const UNITS: ReadonlyMap<string, BaseUnit> = new Map([
  ...prefixed('seconds', 's', ['seconds', 'second']),
  ...times('seconds', MINUTE, 'min', 'minutes', 'minute'),
  ...times('seconds', HOUR, 'h', 'hours', 'hour'),
  ...times('seconds', DAY, 'd', 'days', 'day'),
  ...times('seconds', 1e-6, '[us]', 'µs'),
  ...times('bytes', 1, 'By', 'B', 'bytes', 'byte'),
  ...BYTES.flatMap(([short, long, scale]) => times('bytes', scale, `${short}By`, `${short}B`, `${long}bytes`)),
  ...times('bytes', 1 / 8, 'bit', 'bits'),
  ...times('', 1, '1'),
  ...times('ratio', 1, 'ratio', 'ratios'),
  ...times('ratio', 0.01, '%', 'percent', 'percentage', 'pct'),
  ...times('ratio', 1e-3, '[ppth]', 'permille'),
  ...times('ratio', 1e-6, '[ppm]', 'ppm'),
  ...prefixed('hertz', 'Hz', ['hertz']),
  ...prefixed('volts', 'V', ['volts']),
  ...prefixed('amperes', 'A', ['amperes']),
  ...prefixed('watts', 'W', ['watts']),
  ...prefixed('joules', 'J', ['joules']),
  ...prefixed('meters', 'm', ['meters', 'metres']),
  ...prefixed('grams', 'g', ['grams']),
  ['Cel', { unit: 'celsius', scale: 1, offset: 0 }],
  ['celsius', { unit: 'celsius', scale: 1, offset: 0 }],
  ['K', { unit: 'celsius', scale: 1, offset: -273.15 }],
  ['kelvin', { unit: 'celsius', scale: 1, offset: -273.15 }],
  ['[degF]', { unit: 'celsius', scale: 5 / 9, offset: -160 / 9 }],
  ['fahrenheit', { unit: 'celsius', scale: 5 / 9, offset: -160 / 9 }],
]);

const PER_SECOND: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['second', 1],
  ['min', 1 / MINUTE],
  ['minute', 1 / MINUTE],
  ['h', 1 / HOUR],
  ['hour', 1 / HOUR],
  ['d', 1 / DAY],
  ['day', 1 / DAY],
]);

/** A quotient by time: `KiBy/s` and `kibibytes_per_second` are bytes a second, `{request}/min` is something a second. */
function rateUnit(over: string, under: string): BaseUnit | null {
  const time = PER_SECOND.get(under);
  if (time === undefined) return null;
  const base = over === '' ? { unit: '', scale: 1, offset: 0 } : UNITS.get(over);
  if (base === undefined || base.offset !== 0) return null;
  const unit = base.unit === '' ? 'per_second' : `${base.unit}_per_second`;
  return { unit, scale: base.scale * time, offset: 0 };
}

/** The base unit of a unit, or null for one that is not known. UCUM's annotations, as `{request}`, say nothing. */
export function baseUnit(given: string): BaseUnit | null {
  const unit = given.replace(/\{[^}]*\}/g, '').trim();
  if (unit === '') return given === '' ? null : { unit: '', scale: 1, offset: 0 };
  const known = UNITS.get(unit);
  if (known !== undefined) return known;
  const slash = unit.indexOf('/');
  if (slash >= 0) return rateUnit(unit.slice(0, slash), unit.slice(slash + 1));
  const per = /^(?:(.+)_)?per_([a-z]+)$/.exec(unit);
  return per === null ? null : rateUnit(per[1] ?? '', per[2]!);
}
