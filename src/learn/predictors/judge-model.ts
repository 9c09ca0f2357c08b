import { setImmediate as nextTurn } from 'node:timers/promises';
import { calibrationBins } from '../../ml/probability-metrics.ts';
import type { HorizonFigures } from '../../model/failure-model.ts';
import { chooseThreshold, type Contract, pagesOf, sharesOf } from '../evaluation/pages.ts';
import { type RowFigures, rowFigures } from '../evaluation/row-figures.ts';
import { judgedRows, type ScoredEntity } from '../evaluation/scored.ts';

const SEED = 1;
const BINS = 10;
/** Lead times that a page is also looked at by, seconds. */
const LEADS = [0, 300, 900, 1800, 3600, 21_600, 86_400] as const;

const orNull = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

/** What was said, and what came of it. */
export interface Judged {
  /** Rows that figures are taken from. */
  readonly thinned: readonly ScoredEntity[];
  /** As dense as those that will be asked about: a page is the first of many looks that says enough. */
  readonly all: readonly ScoredEntity[];
}

/** How good what was said is, by horizon, and from which level on it may page. Gives way between horizons. */
export async function judgeModel(
  judged: Judged,
  horizons: readonly number[],
  contract: Contract,
): Promise<HorizonFigures[]> {
  const figures: HorizonFigures[] = [];
  for (const [index, seconds] of horizons.entries()) {
    figures.push(horizonFigures(judged, { index, seconds, width: horizons.length }, contract));
    await nextTurn();
  }
  return figures;
}

function horizonFigures(
  { thinned, all }: Judged,
  { index, seconds, width }: { readonly index: number; readonly seconds: number; readonly width: number },
  contract: Contract,
): HorizonFigures {
  const rows = judgedRows(thinned, { index, value: seconds, width });
  const positives = rows.label.reduce((sum, label) => sum + label, 0);
  const known = positives > 0 && positives < rows.count ? rowFigures(rows, SEED) : null;
  const rule = { horizon: seconds, index, width };
  // A horizon that ends before a page is of use cannot keep the contract.
  const threshold = seconds > contract.minLead && positives > 0 ? chooseThreshold(all, rule, contract) : null;
  const sharesAt = (minLead: number) =>
    threshold === null ? null : sharesOf(pagesOf(all, { ...rule, threshold, minLead }));
  const shares = sharesAt(contract.minLead);
  const bins = rows.count === 0 ? [] : calibrationBins(rows.label, rows.chance, { bins: BINS, strategy: 'quantile' });
  return {
    seconds,
    rows: rows.count,
    positives,
    baseRate: rows.count === 0 ? 0 : positives / rows.count,
    ...figuresOf(known),
    reliability: bins
      .filter(({ count }) => count > 0)
      .map(({ low, high, predicted, observed, count }) => ({ low, high, said: predicted, came: observed, count })),
    threshold,
    precision: orNull(shares?.precision),
    recall: orNull(shares?.recall),
    byLead:
      threshold === null
        ? []
        : LEADS.filter((lead) => lead < seconds).map((lead) => {
            const { precision, recall } = sharesAt(lead) ?? {};
            return { lead, precision: orNull(precision), recall: orNull(recall) };
          }),
  };
}

const figuresOf = (known: RowFigures | null) => ({
  averagePrecision: known?.auprc ?? null,
  brierSkill: known?.brierSkill ?? null,
  expectedOverObserved: known?.expectedOverObserved ?? null,
});
