import type { Metrics } from '../runtime/metrics.ts';

/** Disk that the store takes, where this process has measured it. */
export async function storeBytes(metrics: Metrics): Promise<number | null> {
  const bytes = /^vigia_store_bytes (\d+)/m.exec((await metrics.expose()).text)?.[1];
  return bytes === undefined ? null : Number(bytes);
}
