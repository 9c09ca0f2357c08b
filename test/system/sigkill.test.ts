import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/ml/random.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import { cleanUp, eventually, freePort, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const ROUNDS = 10;
const SERIES = 5;
const entity = 'host/killed';

interface SampleRow {
  readonly series: string;
  readonly time: number;
  readonly value: number;
}

/** A post of one sample a series at `time`; the level jumps in the middle of the test, so that there is an alert to repeat. */
const body = (time: number, level: number): string =>
  Array.from({ length: SERIES }, (_, i) => `level_${i}{entity="${entity}"} ${level + ((time / 100) % 3)} ${time}`).join(
    '\n',
  ) + '\n';

describe('SIGKILL', () => {
  afterAll(cleanUp);

  it('loses nothing acknowledged, repeats nothing, alerts nothing twice, ten times over', async () => {
    const random = createRandom(20261122);
    const folder = temporaryFolder();
    const port = await freePort();
    const config = { step: '1s', collect: { host: { enabled: false } }, detect: { warmUp: 20 } };
    const acknowledged = new Set<number>();
    const from = Date.now() - 120_000;
    let time = from;

    /** Posts one body after the other until told to stop or the server is gone; remembers what got a 2xx. */
    const postUntilKilled = async (vigia: RunningVigia, signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        time += 100;
        const sent = time;
        const level = sent - from > 60_000 ? 500 : 100;
        const ok = await vigia.post('/api/v1/samples', body(sent, level)).then(
          (response) => response.status === 204,
          () => false,
        );
        if (ok) acknowledged.add(sent);
      }
    };

    for (let round = 0; round < ROUNDS; round++) {
      const vigia = await startVigia({ folder, port, config });
      const killed = new AbortController();
      const posting = postUntilKilled(vigia, killed.signal);
      await delay(300 + random.next() * 1500);
      await vigia.stop('SIGKILL');
      killed.abort();
      await posting;
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 5);

    const vigia = await startVigia({ folder, port, config });
    const rows: SampleRow[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: SampleRow[]; next: string | null } = await vigia.get(
        `/api/v1/samples?entity=${encodeURIComponent(entity)}&from=${from}&to=${time + 1}&limit=1000${cursor ? `&cursor=${cursor}` : ''}`,
      );
      rows.push(...page.items);
      cursor = page.next;
    }
    const seen = rows.map((row) => `${row.series} ${row.time}`);
    expect(new Set(seen).size).toBe(seen.length);
    const stored = new Map<number, number>();
    for (const row of rows) stored.set(row.time, (stored.get(row.time) ?? 0) + 1);
    expect([...acknowledged].filter((sent) => stored.get(sent) !== SERIES)).toEqual([]);

    const anomalies = await eventually('the jump is seen', 20_000, async () => {
      const { items } = await vigia.get<{ items: Anomaly[] }>(
        `/api/v1/anomalies?entity=${encodeURIComponent(entity)}&limit=100`,
      );
      return items.length > 0 ? items : null;
    });
    const spans = anomalies
      .map((a) => ({ start: a.start, end: a.end ?? Number.POSITIVE_INFINITY }))
      .sort((a, b) => a.start - b.start);
    const overlapping = spans.filter((span, i) => i > 0 && span.start < (spans[i - 1]?.end ?? 0));
    expect(overlapping).toEqual([]);
    await vigia.stop();
  });
});
