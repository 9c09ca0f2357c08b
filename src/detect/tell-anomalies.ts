import type { Anomaly } from '../model/anomaly.ts';
import { topics } from '../model/topics.ts';
import type { DetectDeps } from './detect-options.ts';

/**
 * Tells what changed, after a last word on its severity and without what is muted. Stored first, then told: told again
 * after a crash between, an anomaly has the same id.
 */
export async function tellAnomalies(deps: DetectDeps, changes: readonly Anomaly[]): Promise<void> {
  const { bus, store, metrics, log, options } = deps;
  const { review = (anomaly: Anomaly) => anomaly } = options;
  const told = changes.filter(({ entity, kind }) => !options.settingsOf(entity, kind).mute).map(review);
  if (told.length === 0) return;
  await store.anomalies.upsert(told);
  await bus.publish(
    topics.anomalies,
    told.map((anomaly) => ({ key: anomaly.fleet, value: anomaly })),
  );
  const counter = metrics.counter('vigia_detect_anomalies_total', 'Changes of anomalies told, by kind and severity.', [
    'kind',
    'severity',
  ]);
  for (const { id, entity, kind, severity, end } of told) {
    counter.inc({ kind, severity });
    log.debug({ anomaly: id, entity, kind, severity, end }, 'an anomaly changed');
  }
}
