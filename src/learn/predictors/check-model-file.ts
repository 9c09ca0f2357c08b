import { FAILURE_MODEL, type HorizonFigures } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { FailurePredictor } from '../../model/predictor.ts';

const DAY_MS = 86_400_000;

const judged = (seconds: number): HorizonFigures => ({
  seconds,
  rows: 400,
  positives: 40,
  baseRate: 0.1,
  averagePrecision: { value: 0.6, low: 0.5, high: 0.7 },
  brierSkill: { value: 0.3, low: 0.2, high: 0.4 },
  expectedOverObserved: { value: 1, low: 0.8, high: 1.2 },
  reliability: [
    { low: 0, high: 0.5, said: 0.1, came: 0.1, count: 300 },
    { low: 0.5, high: 1, said: 0.8, came: 0.75, count: 100 },
  ],
  threshold: 0.7,
  precision: 0.8,
  recall: 0.5,
  byLead: [
    { lead: 0, precision: 0.9, recall: 0.6 },
    { lead: 900, precision: 0.8, recall: 0.5 },
  ],
});

/** A predictor whose times are in seconds, as `vigia models export` writes a model; `trainedTo` in Unix ms. */
export function modelFile(
  predictor: Pick<FailurePredictor, 'kind' | 'columns' | 'horizons' | 'facts' | 'toBytes'>,
  { version, trainedTo }: { readonly version: string; readonly trainedTo: number },
): Buffer {
  const { kind: factory, columns, horizons, facts } = predictor;
  const { rows, entities, failures } = facts;
  const model: Model = {
    id: 'model_1',
    kind: FAILURE_MODEL,
    version,
    scope: 'host',
    state: 'champion',
    trainedFrom: trainedTo - 30 * DAY_MS,
    trainedTo,
    metrics: {},
    reason: 'first',
    createdAt: trainedTo,
    detail: {
      factory,
      parent: null,
      columns: [...columns],
      cadenceMs: 60_000,
      judgedTo: trainedTo,
      rows,
      entities,
      failures,
      horizons: horizons.map(judged),
      bins: columns.map(() => []),
      trainingSeconds: 3,
    },
  };
  const head = JSON.stringify({ format: 'vigia-failure-model-1', model });
  return Buffer.concat([Buffer.from(`${head}\n`), predictor.toBytes()]);
}
