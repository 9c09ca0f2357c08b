import { fallingThresholds, type PageRule, pagesOf, sharesOf } from './pages.ts';
import type { ScoredEntity } from './scored.ts';

/** At every probability: what pages from there on would have been worth. */
export interface CurvePoint {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly falsePerEntityDay: number;
}

export interface LeadPoint {
  readonly lead: number;
  /** Share of the pages that came at least so long before a failure within the horizon. */
  readonly precision: number;
  readonly recall: number;
}

const CURVE_POINTS = 40;
const LEAD_POINTS = 13;

/** Thresholds at even steps of rank, on a logarithmic scale: the rare high ones are those that page. */
export function curveOf(entities: readonly ScoredEntity[], rule: PageRule, exposure: number): CurvePoint[] {
  return fallingThresholds(entities, rule, CURVE_POINTS).map((threshold) => {
    const tally = pagesOf(entities, { ...rule, threshold });
    const { precision, recall, right, decided } = sharesOf(tally);
    return {
      threshold,
      precision: decided > 0 ? precision : 0,
      recall: tally.failures.length > 0 ? recall : 0,
      falsePerEntityDay: (decided - right) / exposure,
    };
  });
}

/** What the same pages are worth when more lead is asked for. */
export function leadPoints(entities: readonly ScoredEntity[], rule: PageRule): LeadPoint[] {
  return Array.from({ length: LEAD_POINTS }, (_, i) => {
    const lead = (rule.horizon * i) / (LEAD_POINTS - 1);
    const tally = pagesOf(entities, { ...rule, minLead: lead });
    const { precision, recall, decided } = sharesOf(tally);
    return {
      lead,
      precision: decided > 0 ? precision : 0,
      recall: tally.failures.length > 0 ? recall : 0,
    };
  });
}
