import { ExpositionParser } from '../src/collect/exposition.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES, FALLBACK_ENTITY } from '../src/collect/entity-rules.ts';
import { toBatches } from '../src/collect/sample-batches.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from '../src/collect/series-registry.ts';
import { PrepareCore } from '../src/prepare/prepare-core.ts';
import type { Row } from './report.ts';

const TARGETS = 1000;
const SERIES_A_TARGET = 100;
const ROUNDS = 12;
const STEP_MS = 5000;
/** As the configuration's defaults. */
const LIMITS = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 86_400_000 };
const RULES = { stepMs: STEP_MS, latenessMs: 2000, featuresPerEntity: 400, limits: [] };

/** A page as an exporter writes it: counters and gauges, each with a label or two. */
function page(target: number, round: number): Buffer {
  const lines: string[] = [];
  for (let i = 0; i < SERIES_A_TARGET; i++) {
    const name = i % 2 === 0 ? `app_requests_${i % 20}_total` : `app_pool_${i % 20}_bytes`;
    lines.push(
      `${name}{handler="/api/v1/resource-${Math.floor(i / 20)}",method="GET"} ${(target + i) * 7 + round * (i + 1)}`,
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

function used(): number {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Memory that collect and prepare hold for each active series, with a scrape target for each hundred. */
export async function seriesRows(): Promise<readonly Row[]> {
  const assign = createEntityRules(DEFAULT_ENTITY_RULES, FALLBACK_ENTITY);
  const start = Date.now();
  const before = used();
  const core = new PrepareCore(RULES);
  const targets = Array.from({ length: TARGETS }, (_, target) => {
    const labels = { job: 'app', instance: `app-${target}.example:8080` };
    const registry = new SeriesRegistry({ assign, limits: DEFAULT_SERIES_LIMITS, labels });
    return { registry, parser: new ExpositionParser(registry, LIMITS) };
  });
  let frames = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const now = start + round * STEP_MS;
    for (const [target, { parser }] of targets.entries()) {
      const parsed = await parser.parse(page(target, round), false, now);
      for (const batch of toBatches(parsed, `scrape/${target}`, now)) {
        if (!core.knows(batch.entity)) core.admit(batch.entity, { layout: null, newest: Number.NEGATIVE_INFINITY });
        core.ingest(batch, now, now - start);
      }
    }
    frames += core.outbox.frames.length;
    core.outbox.frames.length = 0;
    core.outbox.rollups.length = 0;
  }
  const after = used();
  const series = targets.reduce((sum, { registry }) => sum + registry.size, 0);
  const value = (after - before) / series / 1024;
  const note = `${series} series of ${core.size} targets, ${frames} frames made; heap and buffers after collection`;
  return [
    { name: 'series-kb', value: frames > 0 ? value : Number.NaN, unit: 'KB/series', bound: 3, better: 'lower', note },
    {
      name: 'series-kb, Netdata',
      value: 18,
      unit: 'KB/metric',
      bound: null,
      better: 'lower',
      note: 'as its makers say',
    },
  ];
}
