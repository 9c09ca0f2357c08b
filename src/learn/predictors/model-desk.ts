import { FAILURE_MODEL, type FailureModelPort } from '../../model/failure-model.ts';
import { Model } from '../../model/failure.ts';
import type { FailurePredictorFactory } from '../../model/predictor.ts';
import { Value } from 'typebox/value';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Store } from '../../store/store.ts';
import type { FailureTraining } from './failure-training.ts';
import type { Lifecycle } from './model-lifecycle.ts';
import { type ReportDeps, reportOn } from './model-report.ts';
import { coneOf } from './risk-cone.ts';

export interface ModelDeskDeps {
  readonly store: ReportDeps['store'] & Pick<Store, 'audit'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly lifecycle: Lifecycle;
  readonly training: Pick<FailureTraining, 'states' | 'want'>;
  readonly factories: readonly FailurePredictorFactory[];
  readonly lookCost: ReportDeps['lookCost'];
  readonly options: ReportDeps['options'];
}

/** Marks an exported model: a line of JSON, then the artefact. */
const FORMAT = 'vigia-failure-model-1';

const damaged = (detail: string): VigiaError => new VigiaError('BODY_INVALID', { detail });

/** Reads an exported model; whatever is wrong with it is told as `BODY_INVALID`. */
function read(
  bytes: Uint8Array,
  factories: readonly FailurePredictorFactory[],
): { model: Model; artefact: Uint8Array } {
  const cut = bytes.indexOf(10);
  if (cut < 0) throw damaged('not a failure model');
  const artefact = bytes.slice(cut + 1);
  try {
    const head = JSON.parse(Buffer.from(bytes.subarray(0, cut)).toString('utf8')) as {
      format?: unknown;
      model?: unknown;
    };
    if (head.format !== FORMAT || !Value.Check(Model, head.model)) throw new Error('not a failure model');
    const model = head.model;
    const factory = factories.find(({ kind }) => kind === model.detail?.factory);
    if (factory === undefined || !model.detail) throw new Error('nobody here reads this kind of model');
    factory.load(artefact);
    return { model, artefact };
  } catch (thrown) {
    throw damaged(toError(thrown).message);
  }
}

/** The door to failure models for people. */
export function createModelDesk(deps: ModelDeskDeps): FailureModelPort {
  const { store, clock, ids, lifecycle, training, factories } = deps;
  return {
    learning: async () => training.states,
    train: async (scope) => training.want(scope),
    promote: (id, by) => lifecycle.promote(id, by),
    rollback: (scope, by) => lifecycle.rollback(scope, by),
    report: async (id) => reportOn(deps, await lifecycle.find(id)),
    cone: (entity, range) => coneOf(deps, entity, range),
    exportModel: async (id) => {
      const model = await lifecycle.find(id);
      const artefact = await store.models.artefact(id);
      if (artefact === null || artefact.length === 0)
        throw new VigiaError('MODEL_STATE', { detail: 'its artefact is gone' });
      return Buffer.concat([Buffer.from(`${JSON.stringify({ format: FORMAT, model })}\n`), artefact]);
    },
    exportTensorFlow: async (id) => {
      const { detail } = await lifecycle.find(id);
      const artefact = await store.models.artefact(id);
      const factory = factories.find(({ kind }) => kind === detail?.factory);
      if (artefact === null || artefact.length === 0 || factory === undefined)
        throw new VigiaError('MODEL_STATE', { detail: 'its artefact is gone' });
      const networks = factory.load(artefact).toTensorFlow?.() ?? [];
      if (networks.length === 0) throw new VigiaError('MODEL_STATE', { detail: 'there is no network in it' });
      return networks.map(({ modelJson, weights }) => {
        return { modelJson, weights: Buffer.from(weights).toString('base64') };
      });
    },
    importModel: async (bytes, by) => {
      const { model, artefact } = read(bytes, factories);
      const id = ids.next('model');
      const now = clock.now();
      await lifecycle.enter(
        { ...model, id, kind: FAILURE_MODEL, state: 'challenger', reason: `imported by ${by}`, createdAt: now },
        artefact,
      );
      return id;
    },
  };
}
