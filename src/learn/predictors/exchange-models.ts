import { Value } from 'typebox/value';
import {
  FAILURE_MODEL,
  type FailureModelDetail,
  type FailureModelPort,
  type TensorFlowNetwork,
} from '../../model/failure-model.ts';
import { Model } from '../../model/failure.ts';
import type { FailurePredictor, FailurePredictorFactory } from '../../model/predictor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Store } from '../../store/store.ts';
import type { Lifecycle } from './model-lifecycle.ts';

export interface ExchangeDeps {
  readonly store: Pick<Store, 'models'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly lifecycle: Lifecycle;
  readonly factories: readonly FailurePredictorFactory[];
}

interface Exchange extends Pick<
  FailureModelPort,
  'exportModel' | 'importModel' | 'exportTensorFlow' | 'importTensorFlow'
> {
  /** Throws `NOT_FOUND` or `MODEL_STATE` where a model cannot be read. */
  readonly checkModel: (id: string) => Promise<void>;
}

/** Marks an exported model: a line of JSON, then the artefact. */
const FORMAT = 'vigia-failure-model-1';

const damaged = (detail: string): VigiaError => new VigiaError('BODY_INVALID', { detail });

/** Reads an exported model; whatever is wrong with it is told as `BODY_INVALID`. */
export function readExported(
  bytes: Uint8Array,
  factories: readonly FailurePredictorFactory[],
): { readonly model: Model; readonly artefact: Uint8Array; readonly predictor: FailurePredictor } {
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
    const predictor = factory.load(artefact);
    checkFits(model.detail, predictor);
    return { model, artefact, predictor };
  } catch (thrown) {
    throw damaged(toError(thrown).message);
  }
}

/** Its figures must be of the horizons, and its histories of the columns, that the artefact itself has. */
function checkFits({ horizons, columns }: FailureModelDetail, predictor: FailurePredictor): void {
  const said = horizons.map(({ seconds }) => seconds);
  if (said.join() !== predictor.horizons.join()) throw new Error('its figures are of other horizons than its artefact');
  const missing = predictor.columns.find((name) => !columns.includes(name));
  if (missing !== undefined) throw new Error(`its artefact reads ${missing}, which it does not list`);
}

/** What was found of it was of other networks: until its own pages were judged, from no level on does it page. */
function unjudged(detail: FailureModelDetail, parent: string): FailureModelDetail {
  const horizons = detail.horizons.map(({ seconds, rows, positives, baseRate }) => ({
    seconds,
    rows,
    positives,
    baseRate,
    averagePrecision: null,
    brierSkill: null,
    expectedOverObserved: null,
    reliability: [],
    threshold: null,
    precision: null,
    recall: null,
  }));
  return { ...detail, parent, horizons, scoreBins: [] };
}

/** Failure models as files, out and in. */
export function createExchange({ store, clock, ids, lifecycle, factories }: ExchangeDeps): Exchange {
  async function artefactOf(id: string): Promise<{ model: Model; artefact: Uint8Array }> {
    const model = await lifecycle.find(id);
    const artefact = await store.models.artefact(id);
    if (artefact === null || artefact.length === 0)
      throw new VigiaError('MODEL_STATE', { detail: 'model_artefact_gone' });
    return { model, artefact };
  }

  async function predictorOf(id: string): Promise<{ model: Model; predictor: FailurePredictor }> {
    const { model, artefact } = await artefactOf(id);
    const factory = factories.find(({ kind }) => kind === model.detail?.factory);
    if (factory === undefined) throw new VigiaError('MODEL_STATE', { detail: 'model_unreadable' });
    return { model, predictor: opened(factory, artefact) };
  }

  async function enter(model: Model, artefact: Uint8Array, by: string): Promise<string> {
    const id = ids.next('model');
    const now = clock.now();
    await lifecycle.enter(
      { ...model, id, kind: FAILURE_MODEL, state: 'challenger', reason: `imported by ${by}`, createdAt: now },
      artefact,
    );
    return id;
  }

  return {
    checkModel: async (id) => void (await predictorOf(id)),
    exportModel: async (id) => {
      const { model, artefact } = await artefactOf(id);
      return Buffer.concat([Buffer.from(`${JSON.stringify({ format: FORMAT, model })}\n`), artefact]);
    },
    exportTensorFlow: async (id) => networksOf((await predictorOf(id)).predictor),
    importModel: async (bytes, by) => {
      const { model, artefact } = readExported(bytes, factories);
      return enter(model, artefact, by);
    },
    importTensorFlow: async (id, networks, by) => {
      const { model, predictor } = await predictorOf(id);
      if (!model.detail || predictor.withTensorFlow === undefined)
        throw new VigiaError('MODEL_STATE', { detail: 'model_no_network' });
      const version = new Date(clock.now()).toISOString();
      const changed = { ...model, version, metrics: {}, detail: unjudged(model.detail, id) };
      return enter(changed, exchanged(predictor, networks), by);
    },
  };
}

/** Reads an artefact of the registry; a damaged one is told as `MODEL_STATE`. */
function opened(factory: FailurePredictorFactory, artefact: Uint8Array): FailurePredictor {
  try {
    return factory.load(artefact);
  } catch (thrown) {
    throw new VigiaError('MODEL_STATE', { detail: 'model_artefact_damaged' }, thrown);
  }
}

function networksOf(predictor: FailurePredictor): TensorFlowNetwork[] {
  const networks = predictor.toTensorFlow?.() ?? [];
  if (networks.length === 0) throw new VigiaError('MODEL_STATE', { detail: 'model_no_network' });
  return networks.map(({ modelJson, weights }) => {
    return { modelJson, weights: Buffer.from(weights).toString('base64') };
  });
}

/** The artefact with other networks; whatever is wrong with them is told as `BODY_INVALID`. */
function exchanged(predictor: FailurePredictor, networks: readonly TensorFlowNetwork[]): Uint8Array {
  try {
    const files = networks.map(({ modelJson, weights }) => ({ modelJson, weights: Buffer.from(weights, 'base64') }));
    return predictor.withTensorFlow!(files).toBytes();
  } catch (thrown) {
    throw damaged(toError(thrown).message);
  }
}
