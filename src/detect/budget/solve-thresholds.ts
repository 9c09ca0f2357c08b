import type { AlertPath, PastSign, WouldAlert } from '../../model/alert-path.ts';
import { type AlertBudget, type AlertLine, wholeLine } from '../../model/alert.ts';
import type { Needs, Severity } from '../../model/anomaly.ts';
import { MOST, type SeverityThresholds } from '../severity.ts';
import { hasRoom } from './room.ts';

/** A past anomaly with what the solver needs beside what the path needs. */
export interface HistorySign extends PastSign {
  readonly needs: Needs | null;
  /** What it was, for those over which no threshold decides. */
  readonly severity: Severity;
  /** A person or a failure has said that it was right: it is not counted against the thresholds. */
  readonly confirmed: boolean;
  /** A person has said that it was a false alarm. */
  readonly falseAlarm: boolean;
  readonly entityKind: string;
}

/** Anomalies of `from` until `to` in which nothing that a threshold of `MOST` would let through is left out. */
export interface AlertHistory {
  readonly from: number;
  readonly to: number;
  readonly signs: readonly HistorySign[];
}

export interface SolveOptions {
  readonly path: AlertPath;
  readonly budget: AlertBudget;
  /** Thresholds to believe in while there is little history. */
  readonly prior: SeverityThresholds;
  /** Which signs count for a line: those of its pot. By default all. */
  readonly counts?: (sign: HistorySign, line: AlertLine) => boolean;
}

export interface Solved {
  readonly thresholds: SeverityThresholds;
  /** `prior`: too little history; `solved`: the loosest within the budget; `tightest`: none reaches, the ceiling does. */
  readonly how: Readonly<Record<AlertLine, 'prior' | 'solved' | 'tightest'>>;
  /** Days of history behind it. */
  readonly days: number;
  /** The same solved without the newest quarter, and whether that quarter would have stayed within the budget. */
  readonly check: { readonly alerts: Readonly<Record<AlertLine, number>>; readonly kept: boolean } | null;
}

const DAY_MS = 86_400_000;
/** Below this there is only the prior, and until then it is only made tighter. */
const LEAST_MS = DAY_MS;
const LOOSEN_MS = 7 * DAY_MS;
/** Never tighter than a thousandth of the prior: what is stranger than that always gets as far as the ceiling. */
const TIGHTEST = 1e-3;
/** Thresholds tried: so many a decade, at the same places whatever the budget, so that answers can be compared. */
const STEPS_A_DECADE = 6;
/** Share of history that thresholds are checked on. */
const CHECK_SHARE = 0.25;
/** Never a page out of what is no rarer than a warning. */
const LOOSEST = MOST;

export function severityAt(
  { needs, severity }: Pick<HistorySign, 'needs' | 'severity'>,
  at: SeverityThresholds,
): Severity {
  if (needs === null) return severity;
  if (needs.warning === null || needs.warning > at.warning) return 'info';
  if (needs.nearLimit || (needs.critical !== null && needs.critical <= at.critical)) return 'critical';
  return 'warning';
}

/** Times of the alerts of a line that count: of the pot, and not confirmed as right. */
function countedTimes(
  history: AlertHistory,
  alerts: readonly WouldAlert[],
  line: AlertLine,
  counts: SolveOptions['counts'],
) {
  const byId = new Map(history.signs.map((sign) => [sign.id, sign]));
  const right = new Set(history.signs.filter(({ confirmed }) => confirmed).map(({ id }) => id));
  return alerts
    .filter((alert) => {
      const lead = byId.get(alert.lead);
      if (alert.line !== line || lead === undefined || counts?.(lead, line) === false) return false;
      return !alert.signs.some((id) => right.has(id));
    })
    .map(({ time }) => time);
}

const place = (threshold: number, round: (x: number) => number): number =>
  round(-Math.log10(threshold) * STEPS_A_DECADE);

/** Thresholds from the loosest to the tightest; at least one. */
function grid(tightest: number, loosest: number): number[] {
  const first = place(loosest * (1 + 1e-9), Math.ceil);
  const last = Math.max(first, place(tightest, Math.floor));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (-(first + i) / STEPS_A_DECADE));
}

/**
 * The loosest of the thresholds, which come loosest first, that stays within the budget; else the tightest. Found by
 * halving, for what is tighter lets less through; whatever is returned as fitting was played and fits.
 */
async function loosest(
  history: AlertHistory,
  { path, budget, counts }: SolveOptions,
  { line, tries }: { readonly line: AlertLine; readonly tries: readonly SeverityThresholds[] },
): Promise<{ readonly thresholds: SeverityThresholds; readonly fits: boolean }> {
  const fits = async (thresholds: SeverityThresholds): Promise<boolean> => {
    const alerts = await path(history.signs, (sign) => severityAt(sign as HistorySign, thresholds));
    return hasRoom(countedTimes(history, alerts, line, counts), budget[line], history);
  };
  const last = tries.length - 1;
  if (await fits(tries[0]!)) return { thresholds: tries[0]!, fits: true };
  if (last === 0 || !(await fits(tries[last]!))) return { thresholds: tries[last]!, fits: false };
  let [crowded, calm] = [0, last];
  while (calm - crowded > 1) {
    const middle = (crowded + calm) >> 1;
    if (await fits(tries[middle]!)) calm = middle;
    else crowded = middle;
  }
  return { thresholds: tries[calm]!, fits: true };
}

const lengthOf = ({ from, to }: AlertHistory): number => to - from;

async function solveOn(history: AlertHistory, options: SolveOptions): Promise<Omit<Solved, 'check'>> {
  const { prior } = options;
  const days = lengthOf(history) / DAY_MS;
  if (lengthOf(history) < LEAST_MS) return { thresholds: prior, how: { pages: 'prior', warnings: 'prior' }, days };
  const tries = (line: AlertLine, believed: number, most: number): number[] =>
    wholeLine(options.budget[line]).count === 0
      ? [0]
      : grid(believed * TIGHTEST, lengthOf(history) < LOOSEN_MS ? Math.min(believed, most) : most);
  const criticals = tries('pages', prior.critical, LOOSEST.critical);
  const pages = await loosest(history, options, {
    line: 'pages',
    tries: criticals.map((critical) => ({ critical, warning: LOOSEST.warning })),
  });
  const { critical } = pages.thresholds;
  // A page is a warning first, so a threshold for warnings is never below the one for pages.
  const warnings = tries('warnings', prior.warning, LOOSEST.warning).filter((warning) => warning > critical);
  const all = await loosest(history, options, {
    line: 'warnings',
    tries: (warnings.length > 0 ? warnings : [critical]).map((warning) => ({ critical, warning })),
  });
  const { warning } = all.thresholds;
  // Fewer warnings group otherwise; should that crowd the pages, they are solved once more beside these.
  const final = await loosest(history, options, {
    line: 'pages',
    tries: criticals.filter((one) => one <= critical).map((one) => ({ critical: one, warning })),
  });
  const say = (fits: boolean): 'solved' | 'tightest' => (fits ? 'solved' : 'tightest');
  return { thresholds: final.thresholds, how: { pages: say(final.fits), warnings: say(all.fits) }, days };
}

/**
 * The loosest thresholds at which the past, played through the whole path (grouping, holding, clearing), has room in
 * the budget: the ceiling turns alerts away no more than one day in twenty. The ceiling keeps the budget whatever the
 * thresholds are; these have only to see to it that it does not turn away the strong because the weak came first, so
 * they are never stricter than that asks for. They are no looser than `MOST`, so a history without anything rare makes no pages, and no tighter than a
 * thousandth of the prior. What was confirmed as right is not counted. Larger budgets never make them tighter.
 */
export async function solveThresholds(history: AlertHistory, options: SolveOptions): Promise<Solved> {
  const { from, to } = history;
  const solved = await solveOn(history, options);
  const cut = to - CHECK_SHARE * (to - from);
  if (cut - from < LOOSEN_MS) return { ...solved, check: null };
  const older = { from, to: cut, signs: history.signs.filter(({ warnsAt }) => warnsAt < cut) };
  const newer = { from: cut, to, signs: history.signs.filter(({ warnsAt }) => warnsAt >= cut) };
  const { thresholds } = await solveOn(older, options);
  const alerts = await options.path(newer.signs, (sign) => severityAt(sign as HistorySign, thresholds));
  const times = (line: AlertLine): number[] => countedTimes(newer, alerts, line, options.counts);
  const [pages, warnings] = [times('pages'), times('warnings')];
  const { budget } = options;
  const kept = hasRoom(pages, budget.pages, newer) && hasRoom(warnings, budget.warnings, newer);
  return { ...solved, check: { alerts: { pages: pages.length, warnings: warnings.length }, kept } };
}
