import type { Failure } from '../model/failure.ts';
import type { Prediction } from '../model/prediction.ts';
import { stableId } from '../runtime/ids.ts';

/**
 * The failure that a prediction has come to: what it foretold has been reached. Null while it has not, and when it was
 * taken back. The id is made of the prediction, so that a redelivery records nothing twice.
 */
export function failureOf(prediction: Prediction): Failure | null {
  const { id, entity, kind, state, feature, closedAt, madeAt } = prediction;
  if (state !== 'happened') return null;
  return {
    id: stableId('failure', id),
    entity,
    kind: kind === 'capacity' ? 'exhausted' : 'failed',
    start: closedAt ?? madeAt,
    end: closedAt ?? madeAt,
    source: `prediction/${id}`,
    note: feature ?? '',
  };
}
