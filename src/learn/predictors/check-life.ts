import { join, resolve } from 'node:path';
import { createMemoryBus } from '../../bus/memory-bus.ts';
import type { FailureFitter } from '../../model/failure-fitter.ts';
import { FAILURE_MODEL } from '../../model/failure-model.ts';
import type { Failure, Model } from '../../model/failure.ts';
import type { RollupFrame } from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import type { FleetScope } from '../../model/live-fleet.ts';
import type { FailurePredictorFactory } from '../../model/predictor.ts';
import { FailureWatch } from '../../predict/failures/failure-watch.ts';
import { fitFailures } from '../../predict/failures/fit-failures.ts';
import { loadPredictors } from '../../predict/load-predictor.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { randomIds } from '../../runtime/ids.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { FailureTraining } from './failure-training.ts';
import { openFleet } from './live-fleet.ts';
import { createModelDesk } from './model-desk.ts';
import { createLifecycle, ITSELF } from './model-lifecycle.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Frames are a row each ten minutes, so that a test of days takes seconds. */
const ROW = 10 * MINUTE;
export const HORIZONS = [1800, 3600, 21_600];

/** A store, a clock that is set by hand, and everything that lives in it. */
export async function openLife(start: number) {
  let time = start;
  const clock: Clock = { ...systemClock, now: () => time };
  const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  return { store, clock, now: () => time, set: (to: number) => (time = to) };
}
export type Life = Awaited<ReturnType<typeof openLife>>;

/** Entities of a kind with the numbers that `valuesAt` gives, from one time to another. */
export interface Course {
  readonly kind: string;
  readonly entities: number;
  readonly features: readonly string[];
  readonly valuesAt: (entity: number, time: number) => readonly number[];
  readonly failuresOf: (entity: number) => readonly number[];
}

/** Writes what would have been collected; the clock stands behind it then. */
export async function play({ store, set }: Life, course: Course, from: number, to: number): Promise<void> {
  const { kind, entities, features, valuesAt, failuresOf } = course;
  const layout = internLayout(
    features.map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
  );
  const all = Array.from({ length: entities }, (_, e) => ({ e, entity: `${kind}/${e}` }));
  const times = Array.from({ length: Math.ceil((to - from) / ROW) }, (_, i) => from + i * ROW);
  const frames = times.flatMap((time) =>
    all.map(({ e, entity }): RollupFrame => {
      const mean = Float32Array.from(valuesAt(e, time));
      return { entity, time, stepMs: MINUTE, layout, mean, low: mean, high: mean };
    }),
  );
  await store.frames.appendRollups('minute', frames);
  const failed = all.flatMap(({ e, entity }) =>
    failuresOf(e)
      .filter((time) => time >= from && time < to)
      .map((at): Failure => {
        return { id: `${entity} ${at}`, entity, kind: 'worn', start: at, end: at, source: 'test', note: '' };
      }),
  );
  if (failed.length > 0) await store.failures.upsert(failed);
  await store.frames.append(
    frames.slice(-entities).map(({ entity, time, mean }) => {
      const derived = new Float32Array(0);
      return { entity, fleet: 'default', time, stepMs: MINUTE, layout, values: mean, derived, closedAt: to };
    }),
  );
  set(to + 2 * MINUTE);
}

/** Every entity fails about every five hours, and `wear` grows for the last hour before. */
export function wearing(kind: string, entities: number, start: number): Course {
  const failuresOf = (e: number): number[] =>
    Array.from({ length: 200 }, (_, i) => start + (e + 1) * 37 * MINUTE + i * (5 * HOUR + e * 3 * MINUTE));
  return {
    kind,
    entities,
    features: ['wear', 'load'],
    failuresOf,
    valuesAt: (e, time) => {
      const next = failuresOf(e).find((failure) => failure > time) ?? Infinity;
      const wear = 10 * Math.max(0, 1 - (next - time) / HOUR);
      return [wear + Math.sin(time / 7919 + e), 50 + 5 * Math.sin(time / HOUR + e)];
    },
  };
}

/** The predictor of the guide's package: quick, and its artefact is readable. */
export const levelPredictor = async (): Promise<FailurePredictorFactory> =>
  (
    await loadPredictors(
      [{ package: './example-predictor' }],
      join(resolve(import.meta.dirname, '../../..'), 'test/fixtures'),
    )
  )[0]!.factory;

/** What a process has of models, as the composition root puts it together. */
export function inhabit(
  life: Life,
  factory: FailurePredictorFactory,
  { horizons = HORIZONS, ...given }: Partial<FailureFitter> & { readonly horizons?: readonly number[] } = {},
) {
  const { store, clock } = life;
  const metrics = createMetrics();
  const deps = { store, clock, ids: randomIds, log: silentLog, metrics };
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const lifecycle = createLifecycle({ ...deps, onChange: () => undefined });
  const open = (scope: FleetScope) => openFleet(store, scope);
  const fitter: FailureFitter = {
    fit: (request, control) => fitFailures(request, factory, control),
    close: async () => undefined,
    ...given,
  };
  const training = new FailureTraining({
    ...deps,
    lifecycle,
    fitter,
    openFleet: open,
    mine: async () => true,
    predictors: [],
    options: {
      horizons,
      quietMs: 0,
      windowMs: 2 * DAY,
      retrainMs: 30 * DAY,
      budgetMs: 10_000,
      contract: { precision: 0.5, minLead: 600 },
      shadow: { leastMs: HOUR },
    },
  });
  const watch = new FailureWatch({
    ...deps,
    bus,
    openFleet: open,
    factories: [factory],
    everyMs: HOUR,
    mine: async () => true,
    quarantine: (model, why) =>
      model.state === 'champion' ? lifecycle.rollback(model.scope, ITSELF, why) : lifecycle.retire(model, why),
  });
  const contract = { precision: 0.5, minLead: 600 };
  const desk = createModelDesk({
    ...deps,
    lifecycle,
    training,
    factories: [factory],
    lookCost: (model) => watch.costOf(model),
    options: { horizons, quietMs: 0, windowMs: 2 * DAY, doNothingShare: 0, contract },
  });
  return { training, watch, desk };
}

export const modelsOf = async ({ store }: Life, scope: string): Promise<readonly Model[]> =>
  (await store.models.list({ limit: 100, cursor: null, kind: FAILURE_MODEL, scope })).items;

/** An exported model with its head and its artefact changed. */
export function rewritten(
  bytes: Uint8Array,
  head: (model: Model) => Model,
  artefact: (model: { rates: number[][] }) => object = (model) => model,
): Uint8Array {
  const cut = bytes.indexOf(10);
  const read = (part: Uint8Array): unknown => JSON.parse(Buffer.from(part).toString('utf8'));
  const { format, model } = read(bytes.subarray(0, cut)) as { format: string; model: Model };
  const inside = artefact(read(bytes.subarray(cut + 1)) as { rates: number[][] });
  return Buffer.from(`${JSON.stringify({ format, model: head(model) })}\n${JSON.stringify(inside)}`);
}
