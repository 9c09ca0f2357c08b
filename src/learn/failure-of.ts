import type { Failure } from '../model/failure.ts';
import type { Prediction } from '../model/prediction.ts';
import { stableId } from '../runtime/ids.ts';

/**
 * The failure that a prediction has come to: what it foretold has been reached. Null while it has not, and when it was
 * taken back. The id is made of the prediction, so that a redelivery records nothing twice.
 */
export function failureOf(prediction: Prediction): Failure | null {
  const { id, entity, kind, state, feature, closedAt, madeAt } = prediction;
  // That of a failure model came true by a failure that is on record already.
  if (state !== 'happened' || kind !== 'capacity') return null;
  return {
    id: stableId('failure', id),
    entity,
    kind: 'exhausted',
    start: closedAt ?? madeAt,
    end: closedAt ?? madeAt,
    source: `prediction/${id}`,
    note: feature ?? '',
  };
}
