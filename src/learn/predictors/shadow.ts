import type { Model } from '../../model/failure.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Forecast, Store, TimeRange } from '../../store/store.ts';
import type { ScoredEntity } from '../evaluation/scored.ts';
import { clearlyWorse, compare, type Comparison, verdictOf } from './compare.ts';
import { ITSELF, type Lifecycle } from './model-lifecycle.ts';
import { type OccurrenceReads, type Occurrences, readOccurrences } from './occurrences.ts';
import { scoredStretches } from './truth.ts';

export interface ShadowRules {
  /** How long a challenger is only watched, ms. */
  readonly leastMs: number;
}

export interface ShadowDeps {
  readonly store: OccurrenceReads & Pick<Store, 'forecasts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

type ShadowReads = Pick<ShadowDeps, 'store' | 'clock'>;
type ReadOptions = Pick<JudgeOptions, 'horizons' | 'quietMs'>;

export interface JudgeOptions {
  readonly horizons: readonly number[];
  readonly quietMs: number;
  readonly shadow: ShadowRules;
}

/** What a model was made to look ahead, seconds: the owner may ask for other horizons by now. */
export const horizonsOf = ({ detail }: Model, { horizons }: Pick<JudgeOptions, 'horizons'>): readonly number[] =>
  detail?.horizons.map(({ seconds }) => seconds) ?? horizons;

/** Whom a model has to beat: the champion, or the base rate (null) where that one looks ahead otherwise. */
export function rivalOf(model: Model, champion: Model | null, options: Pick<JudgeOptions, 'horizons'>): Model | null {
  if (champion === null || champion.id === model.id) return null;
  return horizonsOf(champion, options).join() === horizonsOf(model, options).join() ? champion : null;
}

const MOST_FORECASTS = 3000;
/** A champion is looked at over so long. */
const CHAMPION_MS = 7 * 86_400_000;

/** What was said of each entity, in order; times in seconds. */
export function saidBy(forecasts: readonly Forecast[]): Map<string, Map<number, Float32Array>> {
  const said = new Map<string, Map<number, Float32Array>>();
  for (const { time, entities, probabilities } of forecasts) {
    const width = probabilities.length / Math.max(1, entities.length);
    for (const [e, entity] of entities.entries()) {
      let own = said.get(entity);
      if (own === undefined) said.set(entity, (own = new Map()));
      own.set(time / 1000, probabilities.subarray(e * width, (e + 1) * width));
    }
  }
  return said;
}

interface Truth {
  readonly occurred: Occurrences;
  /** Seconds. */
  readonly now: number;
  readonly quiet: number;
  readonly width: number;
}

/** Two sides of the same rows: what the first said, cut as the truth demands, and what the second said of just these. */
function pair(
  first: Map<string, Map<number, Float32Array>>,
  second: (entity: string, time: number) => ArrayLike<number> | null,
  truth: Truth,
) {
  const { occurred, now, quiet, width } = truth;
  const entities: ScoredEntity[] = [];
  const rival: ArrayLike<number>[] = [];
  for (const [entity, said] of first) {
    const times = [...said.keys()].filter((time) => second(entity, time)?.length === width).sort((a, b) => a - b);
    const probabilities = times.flatMap((time) => [...said.get(time)!]);
    if (probabilities.length !== times.length * width) continue;
    const actedAt = Float64Array.from(occurred.actions.get(entity) ?? []);
    const history = { entity, failures: occurred.failures.get(entity) ?? [], observedTo: now, actedAt };
    for (const stretch of scoredStretches([{ history, times, probabilities }], width, quiet)) {
      entities.push(stretch);
      rival.push([...stretch.times].flatMap((time) => Array.from(second(entity, time)!)));
    }
  }
  return { entities, rival };
}

/** What was said, cut as the truth demands. */
export const stretchesOf = (said: ReturnType<typeof saidBy>, truth: Truth): ScoredEntity[] =>
  pair(said, () => new Float32Array(truth.width), truth).entities;

/** How often rows were followed by a failure, by horizon: the rival of a model that has none. */
function baseRates(entities: readonly ScoredEntity[], horizons: readonly number[]): number[] {
  return horizons.map((horizon) => {
    let [rows, positives] = [0, 0];
    for (const { times, failures, observedTo } of entities)
      for (const time of times) {
        const comes = failures.some((failure) => failure.time > time && failure.time <= time + horizon);
        if (!comes && time + horizon > observedTo) continue;
        rows += 1;
        positives += Number(comes);
      }
    return (positives + 0.5) / (rows + 1);
  });
}

/**
 * Lets models earn their state: the newest challenger takes over when it is better on what came after the training of
 * both, the first one when it is better than the base rate there; a champion that is clearly worse than the base rate steps down.
 */
export async function judgeShadows(deps: ShadowDeps, models: readonly Model[], options: JudgeOptions): Promise<void> {
  const champion = models.find(({ state }) => state === 'champion') ?? null;
  const now = deps.clock.now();
  const ripe = models.filter(
    ({ state, createdAt }) => state === 'challenger' && now - createdAt >= options.shadow.leastMs,
  );
  for (const challenger of ripe) if (await earns(deps, { challenger, champion }, options)) return;
  if (champion === null) return;
  const since = Math.max(now - CHAMPION_MS, champion.trainedTo ?? 0);
  const compared = await againstBaseRate(deps, { model: champion, range: { from: since + 1, to: now } }, options);
  if (clearlyWorse(compared))
    await deps.lifecycle.rollback(champion.scope, ITSELF, `worse than the base rate: ${evidence(compared)}`);
}

const evidence = ({ z, failures }: Comparison): string => `z ${z.toFixed(2)}, ${failures} failures`;

/** Lets one challenger face the champion; true when it takes over. */
async function earns(deps: ShadowDeps, rivals: Rivals, options: JudgeOptions): Promise<boolean> {
  const { challenger } = rivals;
  // What nobody asks for is put in force by a person only.
  if (horizonsOf(challenger, options).join() !== options.horizons.join()) return false;
  const champion = rivalOf(challenger, rivals.champion, options);
  const compared = await faceEachOther(deps, { challenger, champion }, options);
  const verdict = verdictOf(compared);
  if (verdict === 'open') return false;
  const than = champion?.version ?? 'the base rate';
  const why = `${verdict === 'first' ? 'better' : 'worse'} than ${than}: ${evidence(compared)}`;
  deps.log.info(
    { challenger: challenger.id, champion: champion?.id ?? null, verdict, ...compared },
    'learn: a challenger was judged',
  );
  if (verdict === 'second') await deps.lifecycle.retire(challenger, why);
  else await deps.lifecycle.promote(challenger.id, ITSELF, why);
  return verdict === 'first';
}

interface Rivals {
  readonly challenger: Model;
  readonly champion: Model | null;
}

async function truthOf(
  { store, clock }: ShadowReads,
  range: TimeRange,
  { horizons, quietMs }: ReadOptions,
): Promise<Truth> {
  const occurred = await readOccurrences(store, { from: range.from - quietMs, to: clock.now() + 1 });
  return { occurred, now: clock.now() / 1000, quiet: quietMs / 1000, width: horizons.length };
}

/** How the first does beside the second (see `rivalOf`), or beside the base rate, on what is newer than the training of both. */
export async function faceEachOther(
  deps: ShadowReads,
  { challenger, champion }: Rivals,
  { horizons: asked, quietMs }: ReadOptions,
): Promise<Comparison> {
  const { store, clock } = deps;
  const options = { quietMs, horizons: horizonsOf(challenger, { horizons: asked }) };
  const from = Math.max(challenger.trainedTo ?? 0, champion?.trainedTo ?? 0) + 1;
  const range = { from, to: clock.now() };
  if (champion === null) return againstBaseRate(deps, { model: challenger, range }, options);
  const first = saidBy(await store.forecasts.read(challenger.id, range, MOST_FORECASTS));
  const second = saidBy(await store.forecasts.read(champion.id, range, MOST_FORECASTS));
  const { entities, rival } = pair(
    first,
    (entity, time) => second.get(entity)?.get(time) ?? null,
    await truthOf(deps, range, options),
  );
  return compare(entities, rival, options.horizons);
}

async function againstBaseRate(
  deps: ShadowReads,
  { model, range }: { readonly model: Model; readonly range: TimeRange },
  { horizons: asked, quietMs }: ReadOptions,
): Promise<Comparison> {
  const options = { quietMs, horizons: horizonsOf(model, { horizons: asked }) };
  const said = saidBy(await deps.store.forecasts.read(model.id, range, MOST_FORECASTS));
  const truth = await truthOf(deps, range, options);
  const nothing = new Float32Array(truth.width);
  const { entities } = pair(said, () => nothing, truth);
  const rates = baseRates(entities, options.horizons);
  const rival = entities.map(({ times }) =>
    Array.from({ length: times.length * truth.width }, (_, i) => rates[i % truth.width]!),
  );
  return compare(entities, rival, options.horizons);
}
