import type { Labels } from '../../model/labels.ts';
import type { PreparationStep, SeriesShape, StepResult } from '../../model/preparation.ts';
import { type BaseUnit, baseUnit } from './base-units.ts';

/** The ends of names that say what part of a family a series is; the unit stands before them. */
const PART = /_(total|sum|bucket|max|min|avg|free|used|size|limit)$/;

/** `latency_milliseconds_bucket` in seconds is `latency_seconds_bucket`; a name without its unit stays. */
function renamed(name: string, from: string, to: string): string {
  const part = PART.exec(name)?.[0] ?? '';
  const stem = name.slice(0, name.length - part.length);
  return stem.endsWith(`_${from}`) ? `${stem.slice(0, -from.length)}${to}${part}` : name;
}

const SIGNIFICANT = 12;

/** A bound in the new unit, without the noise of the multiplication. */
function scaledBound(text: string, { scale, offset }: BaseUnit): string {
  if (/^[+-]?inf$/i.test(text) || text.trim() === '') return text;
  const value = Number(text);
  return Number.isNaN(value) ? text : String(Number((value * scale + offset).toPrecision(SIGNIFICANT)));
}

const isCount = ({ name, type }: SeriesShape): boolean =>
  name.endsWith('_count') && (type === 'histogram' || type === 'summary');

/** A series in base units: of a histogram the bounds change, of everything else the values. */
function inBaseUnits(series: SeriesShape, base: BaseUnit): StepResult {
  const { labels, name } = series;
  const shape = { ...series, name: renamed(name, series.unit, base.unit), unit: base.unit };
  const le = labels['le'];
  if (name.endsWith('_bucket') && le !== undefined) {
    const bounds: Labels = { ...labels, le: scaledBound(le, base) };
    return { keep: { ...shape, labels: bounds } };
  }
  // How many there were has no unit, and only the family's name changes.
  if (isCount(series)) {
    const stem = renamed(name.slice(0, -'_count'.length), series.unit, base.unit);
    return { keep: { ...shape, name: `${stem}_count` } };
  }
  return { keep: shape, scale: base.scale, offset: base.offset };
}

/**
 * Brings values into base units (seconds, bytes, ratios, …), so that one thing has one name and one scale whoever
 * measured it. Units that are not known, and rates that count things, stay as they are.
 */
export const unitStep: PreparationStep = {
  name: 'units',
  version: '1',
  prepare: (series) => {
    const base = baseUnit(series.unit);
    if (base === null || base.unit === series.unit) return { keep: series };
    if (base.unit === '' && base.scale === 1) return { keep: { ...series, unit: '' } };
    // A sum of squares of an offset scale would be nonsense; counters of degrees do not exist.
    if (base.offset !== 0 && series.type !== 'gauge' && series.type !== 'unknown') return { keep: series };
    return inBaseUnits(series, base);
  },
};
