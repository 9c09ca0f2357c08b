import type { Phrase } from '../../model/phrase.ts';
import type { EntityHistory, FailurePredictorFactory, PredictorFacts } from '../../model/predictor.ts';
import type { Rival, ScoredEntity } from '../../learn/evaluation/scored.ts';
import { countBelow, knownAt, type Population, withCircles } from './histories.ts';
import type { InForce } from './model-in-force.ts';
import { noPredictions, predictInto, type Predictions, saidOf, type Stretch, withoutFailures } from './predictions.ts';
import type { Timing } from './request.ts';
import { rivalsOf } from './rivals.ts';
import { type Trained, train } from './train.ts';

/** What is replayed. */
export interface Replay {
  readonly timing: Timing;
  readonly data: Population;
  /** Another population, whose failures are not known. */
  readonly test: Population | null;
  /** Times of the cuts, rising; none where another population is asked for. */
  readonly cuts: readonly number[];
  readonly factory: FailurePredictorFactory | null;
  /** A model that serves somewhere, to be put beside the one that is trained here. */
  readonly inForce: InForce | null;
  readonly seed: number;
  readonly onProgress: (progress: { readonly done: number; readonly step: string }) => void;
}

export interface Replayed {
  /** Of `test`, or of `data` where there is none. */
  readonly predictions: Predictions;
  /** Rows whose outcome is known, or will be: those behind the report. */
  readonly scored: readonly ScoredEntity[];
  readonly tuning: readonly ScoredEntity[];
  /** The rows of `scored` by whom pages are sent: at one cut the model that thresholds were chosen with, as the program does. */
  readonly paged: readonly ScoredEntity[];
  readonly rivals: readonly Rival[];
  readonly baseRates: readonly number[];
  readonly missing: Phrase | null;
  readonly thin: Thin;
  readonly model: string;
  readonly facts: PredictorFacts;
  /** True where the report is on entities of `data` that were left out, as those of `test` have no outcome. */
  readonly heldOut: boolean;
  /** Histories as known when the last model was trained. */
  readonly training: readonly EntityHistory[];
}

/** Where evidence was too little although it was enough for the last model. */
interface Thin {
  /** Cuts of a walk whose models are of past failures alone. */
  readonly cuts: number;
  /** What the model lacked that thresholds were chosen with; null where nothing. */
  readonly tuning: Phrase | null;
}

const thinOf = (last: Trained, cuts: number, tuner: Trained): Thin =>
  last.missing === null ? { cuts, tuning: tuner.missing } : { cuts: 0, tuning: null };

/** Share of the training time, or of the entities, that the model behind the threshold learns from. */
const TUNING_SHARE = 0.75;
/** About how long one training may take, all of them together within ten minutes. */
const BUDGET_MS = 240_000;

/** Trains before each cut, predicts after it, and never lets a model see what comes later. */
export async function replay(given: Replay): Promise<Replayed> {
  return given.test === null ? replayTime(given, given.data) : replayOthers(given, given.test);
}

const fleetAt = ({ histories, columns }: Population, time: number): EntityHistory[] =>
  withCircles(
    histories.map((history) => knownAt(history, time, columns.length)).filter(({ times }) => times.length > 0),
  );

function fit(
  given: Replay,
  entities: readonly EntityHistory[],
  asked: 'later' | 'others',
  part: Part,
): Promise<Trained> {
  const { timing, data, factory, seed, onProgress } = given;
  return train(
    { columns: data.columns, entities },
    {
      horizons: timing.horizons,
      unitMs: timing.unitMs,
      asked,
      seed,
      budgetMs: BUDGET_MS / part.of,
      onProgress: ({ done, step }) => onProgress({ done: (part.number + done) / part.of, step }),
    },
    factory,
  );
}

/** Which of the trainings it is. */
interface Part {
  readonly number: number;
  readonly of: number;
}

async function replayTime(given: Replay, data: Population): Promise<Replayed> {
  const { cuts, timing, inForce } = given;
  const said = noPredictions(rowsOf(data), timing.horizons.length);
  const early = noPredictions(rowsOf(data), timing.horizons.length);
  const first = cuts[0]!;
  const before = tuningCut(data, first);
  const of = cuts.length + 1;
  const tuner = await fit(given, fleetAt(data, before), 'later', { number: 0, of });
  predictInto(early, tuner.predictor, { population: data, stretches: stretchesOf(data, before, first) });
  let last: Trained | null = null;
  let thin = 0;
  for (const [place, cut] of cuts.entries()) {
    last = await fit(given, fleetAt(data, cut), 'later', { number: place + 1, of });
    if (last.missing !== null) thin++;
    const stretches = stretchesOf(data, cut, cuts[place + 1] ?? Infinity);
    predictInto(said, last.predictor, { population: data, stretches });
  }
  const training = fleetAt(data, cuts.at(-1)!);
  const scored = data.histories.map((history, entity) => scoredOf(said, history, data.rowOf[entity]!));
  return {
    predictions: said,
    scored,
    paged: cuts.length > 1 ? scored : pagedBy(tuner, data, first),
    // What was known at the first cut, and no outcome that came after it.
    tuning: data.histories.map((history, entity) =>
      scoredOf(early, { ...history, observedTo: Math.min(history.observedTo, first) }, data.rowOf[entity]!),
    ),
    ...rivalsOf({ population: data, said, training: fleetAt(data, first), timing, inForce }),
    missing: last!.missing,
    thin: thinOf(last!, thin, tuner),
    model: last!.predictor.kind,
    facts: last!.predictor.facts,
    heldOut: false,
    training,
  };
}

/**
 * What the model of the thresholds says after the cut. Another training on nearly the same rows says other numbers of the same risk, so
 * that a threshold holds for its own model alone. In a walk it would grow old: there each model takes it over from the one before.
 */
function pagedBy({ predictor }: Trained, population: Population, cut: number): ScoredEntity[] {
  const said = noPredictions(rowsOf(population), predictor.horizons.length);
  predictInto(said, predictor, { population, stretches: stretchesOf(population, cut, Infinity) });
  return population.histories.map((history, entity) => scoredOf(said, history, population.rowOf[entity]!));
}

/** Entities of another population are predicted by a model of all; how good it is shows on those of one that was left out. */
async function replayOthers(given: Replay, test: Population): Promise<Replayed> {
  const { data, timing, inForce } = given;
  const bare = { ...data, histories: data.histories.map((history) => ({ ...history, events: [] })) };
  const held = bare.histories.map((_, entity) => entity % Math.round(1 / (1 - TUNING_SHARE)) === 0);
  const few = bare.histories.length < 8;
  const inner = await fit(given, few ? bare.histories : bare.histories.filter((_, i) => !held[i]), 'others', {
    number: 0,
    of: 2,
  });
  const left = noPredictions(rowsOf(data), timing.horizons.length);
  const blind = { ...bare, histories: bare.histories.map(withoutFailures) };
  const stretches = few
    ? []
    : blind.histories.map(({ times }, entity) => ({ entity, from: 0, to: held[entity] ? times.length : 0 }));
  predictInto(left, inner.predictor, { population: blind, stretches });
  const outer = await fit(given, bare.histories, 'others', { number: 1, of: 2 });
  const said = noPredictions(rowsOf(test), timing.horizons.length);
  predictInto(said, outer.predictor, {
    population: test,
    stretches: test.histories.map(({ times }, entity) => ({ entity, from: 0, to: times.length })),
  });
  const scored = bare.histories.map((history, entity) => scoredOf(left, history, data.rowOf[entity]!));
  const [tuning, judged] = halves(scored);
  return {
    predictions: said,
    scored: judged,
    paged: judged,
    tuning,
    ...rivalsOf({
      population: blind,
      said: left,
      training: bare.histories.filter((_, i) => !held[i]),
      timing,
      inForce,
    }),
    missing: outer.missing,
    thin: thinOf(outer, 0, inner),
    model: outer.predictor.kind,
    facts: outer.predictor.facts,
    heldOut: true,
    training: bare.histories,
  };
}

const rowsOf = ({ rowOf }: Population): number => rowOf.reduce((sum, rows) => sum + rows.length, 0);

/** Entities with predictions, every second one: one half to choose thresholds, the other to judge them; the rest empty. */
function halves(scored: readonly ScoredEntity[]): [ScoredEntity[], ScoredEntity[]] {
  let count = 0;
  const side = scored.map(({ times }) => (times.length > 0 ? count++ % 2 : -1));
  const empty = (one: ScoredEntity): ScoredEntity => ({
    ...one,
    times: new Float64Array(0),
    probabilities: new Float64Array(0),
  });
  return [
    scored.map((one, i) => (side[i] === 0 ? one : empty(one))),
    scored.map((one, i) => (side[i] === 1 ? one : empty(one))),
  ];
}

/** Rows from one time up to another, by entity. */
const stretchesOf = ({ histories }: Population, from: number, to: number): Stretch[] =>
  histories.map(({ times }, entity) => ({ entity, from: countBelow(times, from), to: countBelow(times, to) }));

/** The time before which the share of the rows lies that come before `cut`. */
function tuningCut({ histories }: Population, cut: number): number {
  const times = Float64Array.from(
    histories.flatMap(({ times }) => Array.from(times.subarray(0, countBelow(times, cut)))),
  );
  times.sort();
  return times[Math.floor(TUNING_SHARE * times.length)] ?? cut;
}

function scoredOf(said: Predictions, history: EntityHistory, rowOf: Int32Array): ScoredEntity {
  const places = saidOf(said, rowOf);
  const probabilities = new Float64Array(places.length * said.horizons);
  for (const [i, place] of places.entries()) {
    const at = rowOf[place]! * said.horizons;
    probabilities.set(said.probabilities.subarray(at, at + said.horizons), i * said.horizons);
  }
  return {
    entity: history.entity,
    times: Float64Array.from(places, (place) => history.times[place]!),
    probabilities,
    failures: history.failures,
    observedTo: history.observedTo,
  };
}

/** Most cuts of one walk: each costs a training. */
export const MOST_CUTS = 24;
/** Share of the time that lies before the first cut. */
const FIRST_SHARE = 1 / 3;

/** Cuts of a walk back from the end, so that the last one is judged on a whole stretch. */
export function walkCuts(first: number, last: number, every: number): number[] {
  const cuts: number[] = [];
  for (let cut = last - every; cut >= first + FIRST_SHARE * (last - first); cut -= every) cuts.unshift(cut);
  return cuts;
}
