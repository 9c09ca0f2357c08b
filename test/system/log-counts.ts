import { eventually, type RunningVigia } from './vigia.ts';

interface Listed {
  readonly items: readonly { readonly series: string; readonly time: number; readonly value: number | null }[];
  readonly next: string | null;
}

/** How many lines of an entity were counted: the newest value of its counters by level. */
export async function linesOf(vigia: RunningVigia, entity: string): Promise<number> {
  const newest = new Map<string, { readonly time: number; readonly value: number }>();
  let cursor = '';
  do {
    const page: Listed = await vigia.get(`/api/v1/samples?entity=${encodeURIComponent(entity)}&limit=1000${cursor}`);
    for (const { series, time, value } of page.items)
      if (series.startsWith('log_lines_total') && value !== null && time >= (newest.get(series)?.time ?? 0))
        newest.set(series, { time, value });
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  return [...newest.values()].reduce((sum, { value }) => sum + value, 0);
}

/** Waits until so many lines are counted, and a little longer, for one that is counted twice may come late. */
// oxlint-disable-next-line eslint/max-params -- the last is mostly left out
export async function countedOnce(
  vigia: RunningVigia,
  entity: string,
  lines: number,
  withinMs = 180_000,
): Promise<number> {
  await eventually(`${lines} lines of ${entity}`, withinMs, async () => (await linesOf(vigia, entity)) >= lines);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return linesOf(vigia, entity);
}
