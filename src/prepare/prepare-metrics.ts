import type { Metrics } from '../runtime/metrics.ts';
import type { PrepareCore } from './prepare-core.ts';

/** Makes prepare's metrics; the function that it returns brings them up to the core's counts. */
export function prepareMetrics(metrics: Metrics, core: PrepareCore): () => void {
  const samples = metrics.counter('vigia_prepare_samples_total', 'Samples taken.');
  const left = metrics.counter(
    'vigia_prepare_samples_left_out_total',
    'Samples stored but left out of frames, by why.',
    ['reason'],
  );
  const turnedAway = metrics.counter('vigia_prepare_features_dropped_total', 'Series beyond the feature budget.');
  const entities = metrics.gauge('vigia_prepare_entities', 'Entities with open steps.');
  const said = { ...core.counts };
  return () => {
    const { counts } = core;
    samples.inc(counts.samples - said.samples);
    left.inc({ reason: 'late' }, counts.late - said.late);
    left.inc({ reason: 'repeated' }, counts.repeated - said.repeated);
    left.inc({ reason: 'future' }, counts.future - said.future);
    left.inc({ reason: 'filtered' }, counts.leftOut - said.leftOut);
    turnedAway.inc(counts.turnedAway - said.turnedAway);
    entities.set(core.size);
    Object.assign(said, counts);
  };
}
