import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What Vigía counts about itself; one registry per process, made by the composition root and handed to the stages. */
export interface Metrics {
  /** Names follow Prometheus conventions: `vigia_<stage>_<what>_<unit>[_total]`. Asking twice gives the same metric. */
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  histogram<L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ): Histogram<L>;
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** Seconds, from a millisecond to a minute. */
export const SECONDS_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export function createMetrics(options: { readonly process: boolean } = { process: false }): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  return {
    counter: (name, help, labels = []) =>
      (registry.getSingleMetric(name) as Counter<never> | undefined) ??
      new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    gauge: (name, help, labels = []) =>
      (registry.getSingleMetric(name) as Gauge<never> | undefined) ??
      new Gauge({ name, help, labelNames: [...labels], registers: [registry] }),
    histogram: (name, help, buckets, labels = []) =>
      (registry.getSingleMetric(name) as Histogram<never> | undefined) ??
      new Histogram({ name, help, buckets: [...buckets], labelNames: [...labels], registers: [registry] }),
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}
