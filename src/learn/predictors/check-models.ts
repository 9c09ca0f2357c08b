import { FAILURE_MODEL, type FailureModelDetail, type HorizonFigures } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { OpenFleet } from '../../model/live-fleet.ts';
import type { ModelCheck } from '../../model/model-check.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Store } from '../../store/store.ts';
import { measureCalibration, measureFeatures, measureScores } from './measure-model.ts';
import { type OccurrenceReads, readOccurrences } from './occurrences.ts';
import { horizonsOf, saidBy, stretchesOf } from './shadow.ts';

export interface ModelCheckDeps {
  readonly store: OccurrenceReads & Pick<Store, 'forecasts' | 'modelChecks'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly openFleet: OpenFleet;
  readonly options: { readonly horizons: readonly number[]; readonly quietMs: number };
}

const DAY_MS = 86_400_000;
/** Calibration is looked at over so long. */
const CALIBRATION_MS = 14 * DAY_MS;
/** Scores are compared when they are spread over so long. */
const SETTLED_MS = DAY_MS / 2;
const MOST_FORECASTS = 3000;

/** Measures a model in service against its training and writes it down. */
export async function checkModel(deps: ModelCheckDeps, model: Model, detail: FailureModelDetail): Promise<ModelCheck> {
  const { store, clock, metrics, openFleet } = deps;
  const time = clock.now();
  const { columns, cadenceMs } = detail;
  const fleet = openFleet({ kind: model.scope, from: time - DAY_MS, cadenceMs, columns });
  await fleet.advance(time);
  const measures = [
    measureFeatures(fleet.fleet(), detail, (time - DAY_MS) / 1000),
    measureScores(...(await scoresOf(deps, model, detail))),
    await calibrationOf(deps, model),
  ];
  const check = { model: model.id, time, measures };
  await store.modelChecks.insert(check);
  const gauge = metrics.gauge('vigia_learn_drift', 'How far a model in force has drifted, by what', ['kind', 'of']);
  for (const { of, value } of measures)
    if (value !== null) gauge.set({ kind: `${FAILURE_MODEL}/${model.scope}`, of }, value);
  return check;
}

/** Deciles of then, and what it said within the last day, at the horizon that pages, else the first. */
async function scoresOf(
  { store, clock }: ModelCheckDeps,
  { id }: Model,
  { horizons, scoreBins = [] }: FailureModelDetail,
): Promise<[readonly number[], Float64Array]> {
  const place = Math.max(
    0,
    horizons.findIndex(({ threshold }: HorizonFigures) => threshold !== null),
  );
  const now = clock.now();
  const said = await store.forecasts.read(id, { from: now - DAY_MS, to: now + 1 }, MOST_FORECASTS);
  // A few hours show only what these few hours were like.
  const settled = said.length > 0 && said.at(-1)!.time - said[0]!.time >= SETTLED_MS;
  const scores = (settled ? said : []).flatMap(({ probabilities }) =>
    Array.from(
      { length: probabilities.length / horizons.length },
      (_, e) => probabilities[e * horizons.length + place]!,
    ),
  );
  return [scoreBins[place] ?? [], Float64Array.from(scores)];
}

async function calibrationOf({ store, clock, options }: ModelCheckDeps, model: Model) {
  const now = clock.now();
  // What it would have said before it was there is what it was judged by already.
  const range = { from: Math.max(model.createdAt, now - CALIBRATION_MS), to: now + 1 };
  const said = saidBy(await store.forecasts.read(model.id, range, MOST_FORECASTS));
  const occurred = await readOccurrences(store, { from: range.from - options.quietMs, to: range.to });
  const horizons = horizonsOf(model, options);
  const truth = { occurred, now: now / 1000, quiet: options.quietMs / 1000, width: horizons.length };
  return measureCalibration(stretchesOf(said, truth), horizons);
}
