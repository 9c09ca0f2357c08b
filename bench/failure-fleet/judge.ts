import { figureOf, rank, resample, weightedPrecision } from '../../src/learn/evaluation/row-figures.ts';
import { chooseThreshold, type Contract, type Page, pagesOf, sharesOf } from '../../src/learn/evaluation/pages.ts';
import { judgedRows, type ScoredEntity } from '../../src/learn/evaluation/scored.ts';
import { ANNOUNCED, SUDDEN } from './kinds.ts';

export const CONTRACT: Contract = { precision: 0.8, minLead: 900 };
/** What lies further ahead wakes nobody: the product looks for its page among the horizons up to a day. */
const PAGE_WITHIN = 86_400;

/** One who predicts: on the rows that thresholds are chosen on, and on later ones. */
export interface Scored {
  readonly tuning: readonly ScoredEntity[];
  readonly later: readonly ScoredEntity[];
}

export interface Paged {
  /** Seconds; null when no threshold keeps the contract. */
  readonly horizon: number | null;
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly pages: readonly Page[];
  readonly byKind: ReadonlyMap<string, { readonly failures: number; readonly caught: number }>;
}

/**
 * Pages as the lead-time contract has them: threshold and horizon are chosen on the earlier rows, the horizon whose pages
 * announce most there, and judged on the later ones. Failures that come out of the blue count as failures too.
 */
export function judgePages({ tuning, later }: Scored, horizons: readonly number[]): Paged {
  let best = { index: -1, threshold: Infinity, recall: -1 };
  for (const [index, horizon] of horizons.entries()) {
    if (horizon <= CONTRACT.minLead || horizon > PAGE_WITHIN) continue;
    const rule = { horizon, index, width: horizons.length };
    const threshold = chooseThreshold(tuning, rule, CONTRACT);
    if (threshold === null) continue;
    const { recall } = sharesOf(pagesOf(tuning, { ...rule, threshold, minLead: CONTRACT.minLead }));
    if (recall > best.recall) best = { index, threshold, recall };
  }
  const index = Math.max(0, best.index);
  const rule = { horizon: horizons[index]!, index, width: horizons.length, minLead: CONTRACT.minLead };
  const tally = pagesOf(later, { ...rule, threshold: best.threshold });
  const byKind = new Map<string, { failures: number; caught: number }>();
  for (const { kind, lead } of tally.failures) {
    const known = byKind.get(kind) ?? { failures: 0, caught: 0 };
    byKind.set(kind, { failures: known.failures + 1, caught: known.caught + (lead >= 0 ? 1 : 0) });
  }
  const { precision, recall } = sharesOf(tally);
  return {
    horizon: best.index < 0 ? null : horizons[index]!,
    threshold: best.threshold,
    precision,
    recall,
    pages: tally.pages,
    byKind,
  };
}

/** Area under precision and recall for the kinds without signs, with its interval; rows before any other failure are left out. */
export function suddenPrecision(
  later: readonly ScoredEntity[],
  { index, value, width }: { readonly index: number; readonly value: number; readonly width: number },
  seed: number,
): { readonly value: number; readonly low: number; readonly high: number; readonly baseRate: number } {
  const sudden = new Set<string>(SUDDEN);
  const only = later.map((one): ScoredEntity => {
    const others = one.failures.filter(({ kind }) => !sudden.has(kind));
    const kept = [...one.times.keys()].filter(
      (row) => !others.some(({ time }) => time > one.times[row]! && time <= one.times[row]! + value),
    );
    return {
      ...one,
      times: Float64Array.from(kept, (row) => one.times[row]!),
      probabilities: Float64Array.from({ length: kept.length * width }, (_, i) => {
        const row = kept[Math.floor(i / width)]!;
        return one.probabilities[row * width + (i % width)]!;
      }),
      failures: one.failures.filter(({ kind }) => sudden.has(kind)),
    };
  });
  const rows = judgedRows(only, { index, value, width });
  const ranked = rank(rows, rows.chance);
  const areas: number[] = [];
  resample(rows, seed, (weights) => areas.push(weightedPrecision(ranked, weights)));
  const figure = figureOf(areas) ?? { value: Number.NaN, low: Number.NaN, high: Number.NaN };
  return { ...figure, baseRate: rows.label.reduce((sum, label) => sum + label, 0) / rows.count };
}

/** Recall of the announced kinds alone, for the notes. */
export function kindsNote({ byKind }: Paged): string {
  return [...ANNOUNCED.map(({ name }) => name), ...SUDDEN]
    .map((name) => `${name} ${byKind.get(name)?.caught ?? 0}/${byKind.get(name)?.failures ?? 0}`)
    .join(', ');
}
