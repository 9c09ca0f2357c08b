import type { EntityId } from '../model/entity.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { SamplePage } from './sample-page.ts';

/** Samples in one message; what is more goes into the next, so that a message has a bounded size. */
export const MAX_BATCH_SAMPLES = 10_000;

interface Group {
  readonly fleet: string;
  /** Where its samples stand on the page. */
  readonly rows: number[];
}

function groupByEntity(page: SamplePage): Map<EntityId, Group> {
  const groups = new Map<EntityId, Group>();
  let entity: EntityId = '';
  let rows: number[] = [];
  for (let i = 0; i < page.count; i += 1) {
    const { series, fleet } = page.slots[i]!;
    // Samples of one entity mostly stand together.
    if (series.entity !== entity) {
      entity = series.entity;
      let group = groups.get(entity);
      if (group === undefined) {
        group = { fleet, rows: [] };
        groups.set(entity, group);
      }
      rows = group.rows;
    }
    rows.push(i);
  }
  return groups;
}

/** The samples of a page as messages: one per entity, more when there are very many. The page may be reused after it. */
export function toBatches(page: SamplePage, source: string, receivedAt: number): SampleBatch[] {
  const batches: SampleBatch[] = [];
  for (const [entity, { fleet, rows }] of groupByEntity(page)) {
    for (let from = 0; from < rows.length; from += MAX_BATCH_SAMPLES) {
      const count = Math.min(MAX_BATCH_SAMPLES, rows.length - from);
      const series: Series[] = [];
      const times = new Float64Array(count);
      const values = new Float64Array(count);
      for (let i = 0; i < count; i += 1) {
        const row = rows[from + i]!;
        series.push(page.slots[row]!.series);
        times[i] = page.times[row]!;
        values[i] = page.values[row]!;
      }
      batches.push({ entity, fleet, source, receivedAt, series, times, values });
    }
  }
  return batches;
}
