import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FailureModelDetail, HorizonFigures } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';
import { breaksContract, chooseThreshold, type Contract, pagesOf, sharesOf } from '../evaluation/pages.ts';
import type { ScoredEntity } from '../evaluation/scored.ts';
import type { Lifecycle } from './model-lifecycle.ts';
import { type OccurrenceReads, readOccurrences } from './occurrences.ts';
import { saidBy, stretchesOf } from './shadow.ts';

export interface PageGuardDeps {
  readonly store: OccurrenceReads & Pick<Store, 'forecasts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Pick<Lifecycle, 'amend'>;
  readonly options: {
    readonly horizons: readonly number[];
    readonly quietMs: number;
    readonly contract: Contract;
  };
}

/** Looks that are gone back over, at most. */
const MOST_LOOKS = 3000;
/** Rows of them all: where there are more, of every so many entities. */
const MOST_ROWS = 300_000;

/**
 * Holds the pages of a model in force to the contract by what came of them since it was made: where they break it, the threshold of that
 * horizon rises to one that keeps it there, or nothing pages; where none had been chosen yet, one is as soon as there is evidence.
 * Thresholds never fall. Only pages count whose horizon has passed, or whose failure has come; what was acted upon counts neither way.
 */
export async function guardPages(deps: PageGuardDeps, model: Model, detail: FailureModelDetail): Promise<void> {
  const stretches = await saidSince(deps, model, detail);
  const changed: string[] = [];
  const horizons: HorizonFigures[] = [];
  for (const [index, figures] of detail.horizons.entries()) {
    const held = hold(figures, stretches, { index, width: detail.horizons.length, contract: deps.options.contract });
    if (held !== figures)
      changed.push(`${figures.seconds} s: ${figures.threshold ?? 'none'} to ${held.threshold ?? 'none'}`);
    horizons.push(held);
    await nextTurn();
  }
  if (changed.length === 0) return;
  deps.log.info({ model: model.id, changed }, 'learn: thresholds of pages follow what came of them');
  await deps.lifecycle.amend(model.id, { ...detail, horizons }, `pages: ${changed.join(', ')}`);
}

/** Every look since the model was made. */
async function saidSince(
  { store, clock, options }: PageGuardDeps,
  { id, createdAt }: Model,
  { cadenceMs, horizons }: FailureModelDetail,
): Promise<readonly ScoredEntity[]> {
  const now = clock.now();
  const range = { from: Math.max(createdAt, now - MOST_LOOKS * cadenceMs), to: now + 1 };
  const forecasts = await store.forecasts.read(id, range, MOST_LOOKS);
  const rows = forecasts.reduce((sum, { entities }) => sum + entities.length, 0);
  const every = Math.ceil(rows / MOST_ROWS);
  const said = new Map([...saidBy(forecasts)].filter((_, place) => place % every === 0));
  const occurred = await readOccurrences(store, { from: range.from - options.quietMs, to: range.to });
  const truth = { occurred, now: now / 1000, quiet: options.quietMs / 1000, width: horizons.length };
  return stretchesOf(said, truth);
}

interface Place {
  readonly index: number;
  readonly width: number;
  readonly contract: Contract;
}

/** The figures of one horizon, the same object where nothing speaks against them. */
function hold(
  figures: HorizonFigures,
  said: readonly ScoredEntity[],
  { index, width, contract }: Place,
): HorizonFigures {
  const { seconds: horizon, threshold: known } = figures;
  if (horizon <= contract.minLead) return figures;
  const rule = { horizon, index, width };
  const pagesFrom = (threshold: number) => pagesOf(said, { ...rule, threshold, minLead: contract.minLead });
  if (known !== null && !breaksContract(pagesFrom(known), contract)) return figures;
  const found = chooseThreshold(said, rule, contract);
  if (found === null && known === null) return figures;
  const threshold = found !== null && found > (known ?? 0) ? found : null;
  const shares = threshold === null ? null : sharesOf(pagesFrom(threshold));
  return { ...figures, threshold, precision: finite(shares?.precision), recall: finite(shares?.recall), byLead: [] };
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
