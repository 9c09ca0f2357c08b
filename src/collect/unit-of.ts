/** Units that Prometheus' naming guide puts at the end of a metric name. */
const UNITS = new Set([
  'seconds',
  'milliseconds',
  'bytes',
  'ratio',
  'percent',
  'celsius',
  'meters',
  'metres',
  'volts',
  'amperes',
  'watts',
  'joules',
  'grams',
  'hertz',
]);

/** Endings that say how a series is to be read, not what it is measured in. */
const ROLE = /_(total|sum|count|bucket|created|max|min|avg|free|used|size|limit)$/;

/** The unit that a metric's name ends with, before `_total` and the like; empty when it names none. */
export function unitOf(name: string): string {
  for (const candidate of [name, name.replace(ROLE, '')]) {
    const last = candidate.slice(candidate.lastIndexOf('_') + 1);
    if (UNITS.has(last)) return last;
  }
  return '';
}
