import type { Metrics } from '../runtime/metrics.ts';

/** What every bus counts, by the same names. */
export function createBusMetrics(metrics: Metrics) {
  const both = ['topic', 'group'] as const;
  return {
    published: metrics.counter('vigia_bus_published_total', 'Messages published', ['topic']),
    lag: metrics.gauge('vigia_bus_lag', 'Messages not yet committed', both),
    redeliveries: metrics.counter('vigia_bus_redeliveries_total', 'Batches that came again', both),
    deadLetters: metrics.counter('vigia_bus_dead_letters_total', 'Messages that cannot be processed', both),
    errors: metrics.counter('vigia_bus_errors_total', 'Requests to the brokers that failed and were tried again', [
      'client',
    ]),
    assigned: metrics.gauge('vigia_bus_partitions', 'Partitions that this process holds', both),
  };
}
