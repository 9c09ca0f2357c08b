import { nextFailure, type ScoredEntity } from './scored.ts';

/** What a page must satisfy. */
export interface Contract {
  readonly precision: number;
  readonly minLead: number;
}

/** Who is asked, with which horizon, and from which probability on. */
export interface PageRule {
  readonly horizon: number;
  /** Place of the horizon among the probabilities, and how many there are. */
  readonly index: number;
  readonly width: number;
  readonly minLead: number;
  readonly threshold: number;
}

export interface Page {
  /** Index of the entity. */
  readonly entity: number;
  readonly time: number;
  readonly probability: number;
  /** `open` where nobody could see whether it was right. */
  readonly verdict: 'right' | 'false' | 'late' | 'open';
  /** Time to the failure; NaN without one. */
  readonly lead: number;
}

export interface PageTally {
  readonly pages: readonly Page[];
  /** Failures that could have been paged for: rows stood where a page for them would have been right. */
  readonly failures: readonly FailureSeen[];
}

export interface FailureSeen {
  readonly entity: number;
  readonly time: number;
  readonly kind: string;
  /** How long before it the first right page came; NaN where none did. */
  readonly lead: number;
}

/**
 * Pages as a person would get them: one when the probability reaches the threshold, then silence for the length of the horizon
 * or until the failure, so that a lasting risk is one page and not hundreds. A page is right when a failure follows within the
 * horizon and no sooner than the least lead; a failure sooner than that was announced too late to be of use.
 */
export function pagesOf(entities: readonly ScoredEntity[], rule: PageRule): PageTally {
  const pages: Page[] = [];
  const failures: FailureSeen[] = [];
  for (const [index, scored] of entities.entries()) {
    const own = entityPages(index, scored, rule);
    pages.push(...own);
    failures.push(...failuresOf(index, scored, rule, own));
  }
  return { pages, failures };
}

function entityPages(entity: number, scored: ScoredEntity, rule: PageRule): Page[] {
  const { times, probabilities, failures, observedTo } = scored;
  const pages: Page[] = [];
  let silentUntil = -Infinity;
  for (let row = 0; row < times.length; row++) {
    const probability = probabilities[row * rule.width + rule.index]!;
    const time = times[row]!;
    if (probability < rule.threshold || time < silentUntil) continue;
    const lead = nextFailure(failures, time) - time;
    const comes = lead <= rule.horizon;
    silentUntil = time + (comes ? lead : rule.horizon);
    const verdict = comes
      ? lead >= rule.minLead
        ? 'right'
        : 'late'
      : time + rule.horizon <= observedTo
        ? 'false'
        : 'open';
    pages.push({ entity, time, probability, verdict, lead: comes ? lead : Number.NaN });
  }
  return pages;
}

function failuresOf(entity: number, scored: ScoredEntity, rule: PageRule, pages: readonly Page[]): FailureSeen[] {
  const seen: FailureSeen[] = [];
  for (const { time, kind } of scored.failures) {
    const from = time - rule.horizon;
    const to = time - rule.minLead;
    const first = scored.times[firstFrom(scored.times, from)];
    if (first === undefined || first > to || first >= time) continue;
    const page = pages.find((one) => one.verdict === 'right' && one.time + one.lead === time);
    seen.push({ entity, time, kind, lead: page?.lead ?? Number.NaN });
  }
  return seen;
}

/** Place of the first of the rising times that is not below `from`. */
function firstFrom(times: Float64Array, from: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Shares of a tally; NaN where there is nothing to take a share of. */
export function sharesOf({ pages, failures }: PageTally): {
  precision: number;
  recall: number;
  right: number;
  decided: number;
} {
  const right = pages.filter(({ verdict }) => verdict === 'right').length;
  const decided = pages.filter(({ verdict }) => verdict !== 'open').length;
  const caught = failures.filter(({ lead }) => lead >= 0).length;
  return { precision: right / decided, recall: caught / failures.length, right, decided };
}

/** Thresholds tried. */
const CANDIDATES = 120;
/** Fewest pages that a precision is believed from. */
const LEAST_PAGES = 5;
/**
 * One-sided 75 %: it should hold on time that comes later (Wilson, 1927). More is not safer: where no threshold with many pages is sure
 * enough, it takes one by which a handful came true by luck.
 */
const CAUTION = 0.7;
/** One-sided 95 %: what is asked for beyond it is out of reach. */
const HOPELESS = 1.64;
/** From so many pages on: the first few hold a false one by chance, and to end there would leave what announces next to nothing. */
const HOPELESS_PAGES = 20;
/** What is said less than this part of what is asked for never pages. */
const LEAST_SAID = 1 / 4;

/**
 * The lowest threshold from which on pages keep the contract on time that comes later, by rows that the model has not learnt from, as far
 * as those that it adds are right as often as not: room that the contract leaves is no reason to wake somebody for nothing. Null where
 * none keeps it: then there are no pages, rather than pages that break it. It holds for this model alone: another training on
 * nearly the same rows says .8 where this one says .6. And it is right for rows as dense as those that are asked about later: who is
 * looked at once in two hours pages less often, and wrongly less often.
 */
export function chooseThreshold(
  entities: readonly ScoredEntity[],
  rule: Omit<PageRule, 'threshold' | 'minLead'>,
  contract: Contract,
): number | null {
  let chosen: number | null = null;
  let most = -Infinity;
  const { precision, minLead } = contract;
  const candidates = fallingThresholds(entities, rule, CANDIDATES);
  const high = likelyRows(entities, rule, LEAST_SAID * precision);
  for (const threshold of candidates) {
    if (threshold < LEAST_SAID * precision) break;
    const pages = high.flatMap((scored, entity) =>
      entityPages(entity, scored, { ...rule, threshold, minLead, index: 0, width: 1 }),
    );
    const decided = pages.filter(({ verdict }) => verdict !== 'open');
    if (decided.length < LEAST_PAGES) continue;
    const right = decided.filter(({ verdict }) => verdict === 'right').length;
    if (wilson(right, decided.length, -CAUTION) >= precision) {
      const worth = 2 * right - decided.length;
      if (worth >= most) [chosen, most] = [threshold, worth];
      continue;
    }
    // What came too late comes sooner from a lower threshold on: only false pages are there to stay.
    const late = decided.filter(({ verdict }) => verdict === 'late').length;
    const at = { precision, known: chosen };
    if (decided.length >= HOPELESS_PAGES && isHopeless(right + late, decided.length, at)) break;
  }
  return chosen;
}

/** Below one that keeps the contract, none that clearly breaks it is passed over; before the first, only half of what is asked ends it. */
const isHopeless = (right: number, all: number, asked: { precision: number; known: number | null }): boolean =>
  asked.known === null ? right / all < asked.precision / 2 : wilson(right, all, HOPELESS) < asked.precision;

/** Whether pages have shown that they break the contract: so few right ones are no bad luck. */
export function breaksContract(tally: PageTally, { precision }: Contract): boolean {
  const { right, decided } = sharesOf(tally);
  return decided >= LEAST_PAGES && wilson(right, decided, HOPELESS) < precision;
}

/** The rows that may page at all, with their probability at one horizon: one in twenty or so. */
function likelyRows(
  entities: readonly ScoredEntity[],
  { index, width }: { readonly index: number; readonly width: number },
  least: number,
): ScoredEntity[] {
  return entities.map((scored) => {
    const rows: number[] = [];
    for (let row = 0; row < scored.times.length; row++)
      if (scored.probabilities[row * width + index]! >= least) rows.push(row);
    return {
      ...scored,
      times: Float64Array.from(rows, (row) => scored.times[row]!),
      probabilities: Float64Array.from(rows, (row) => scored.probabilities[row * width + index]!),
    };
  });
}

/** Probabilities to try as thresholds: falling, at even steps of the logarithm of their rank, as the rare high ones are those that page. */
export function fallingThresholds(
  entities: readonly ScoredEntity[],
  { index, width }: { readonly index: number; readonly width: number },
  count: number,
): number[] {
  const total = entities.reduce((sum, { times }) => sum + times.length, 0);
  const rising = new Float64Array(total);
  let next = 0;
  for (const { probabilities } of entities) {
    for (let at = index; at < probabilities.length; at += width) rising[next++] = probabilities[at]!;
  }
  rising.sort();
  const ranks = Array.from({ length: count }, (_, i) => Math.floor(total ** ((i + 1) / count)));
  return [...new Set(ranks.filter((rank) => rank >= 1).map((rank) => rising[total - rank]!))];
}

/** End of the interval of a share, so many standard errors away (Wilson, 1927). */
function wilson(right: number, all: number, errors: number): number {
  const share = right / all;
  const z2 = errors ** 2 / all;
  return (share + z2 / 2 + errors * Math.sqrt((share * (1 - share) + z2 / 4) / all)) / (1 + z2);
}
