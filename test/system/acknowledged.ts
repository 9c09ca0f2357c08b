import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Event } from '../../src/model/event.ts';
import type { Incident } from '../../src/model/incident.ts';
import { eventually, type RunningVigia } from './vigia.ts';

const SERIES = 5;
/** Bodies of samples for one event. */
const PER_EVENT = 20;
/** How far the time of what is sent may run ahead of the clock: half of what is taken. */
const AHEAD_MS = 5 * 60_000;
/** When the level jumps, of the sender's own time, and when nobody can overlook it any more. */
const JUMP_MS = 60_000;
const PLAIN_MS = 110_000;

interface SampleRow {
  readonly series: string;
  readonly time: number;
  readonly value: number;
}

/** Posts one body after the other of an entity, an event now and then, and remembers what was acknowledged. */
export interface Sender {
  /** Times of samples. */
  readonly acknowledged: ReadonlySet<number>;
  /** Whether the level has been another for long enough to be seen. */
  jumped(): boolean;
  /** Until told to stop; a post that fails is not repeated. */
  send(vigia: RunningVigia, signal: AbortSignal): Promise<void>;
  /**
   * Everything acknowledged is stored, nothing twice; the jump was seen, never told twice at the same time, and never put
   * into two incidents.
   */
  check(vigia: RunningVigia, within: { readonly storedMs: number; readonly seenMs: number }): Promise<void>;
}

/** A sample a series every 100 ms of its own time; the level jumps after a minute of it, so that there is an alert to repeat. */
export function createSender(entity: string): Sender {
  const acknowledged = new Set<number>();
  /** Texts of events. */
  const marked = new Set<string>();
  let bodies = 0;
  const from = Date.now() - 120_000;
  let time = from;
  const body = (at: number): string => {
    const level = at - from > JUMP_MS ? 500 : 100;
    const line = (i: number) => `level_${i}{entity="${entity}"} ${level + ((at / 100) % 3)} ${at}`;
    return `${Array.from({ length: SERIES }, (_, i) => line(i)).join('\n')}\n`;
  };

  /** A list to its end. */
  async function all<T>(vigia: RunningVigia, path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { items: T[]; next: string | null } = await vigia.get(`${path}${next}`);
      items.push(...page.items);
      cursor = page.next;
    }
    return items;
  }

  const about = `entity=${encodeURIComponent(entity)}`;
  const rowsOf = (vigia: RunningVigia): Promise<SampleRow[]> =>
    all(vigia, `/api/v1/samples?${about}&from=${from}&to=${time + 1}&limit=1000`);
  const marksOf = async (vigia: RunningVigia): Promise<string[]> =>
    (await all<Event>(vigia, `/api/v1/events?${about}&limit=100`))
      .filter(({ name }) => name === 'mark')
      .map(({ text }) => text);

  async function missing(vigia: RunningVigia): Promise<readonly number[]> {
    const stored = new Map<number, number>();
    for (const row of await rowsOf(vigia)) stored.set(row.time, (stored.get(row.time) ?? 0) + 1);
    return [...acknowledged].filter((sent) => stored.get(sent) !== SERIES);
  }

  const missingMarks = async (vigia: RunningVigia): Promise<readonly string[]> => {
    const kept = new Set(await marksOf(vigia));
    return [...marked].filter((text) => !kept.has(text));
  };

  /** Whether it was acknowledged; what fails may have been taken all the same. */
  const promised = (posting: Promise<Response>): Promise<boolean> =>
    posting.then(
      (response) => response.status === 204,
      () => false,
    );

  return {
    acknowledged,
    jumped: () => time - from > PLAIN_MS,
    send: async (vigia, signal) => {
      while (!signal.aborted) {
        time += 100;
        // What is too far ahead of the clock is acknowledged and not believed, as documented; a quick machine gets there.
        while (time > Date.now() + AHEAD_MS && !signal.aborted) await delay(20);
        const sent = time;
        if (await promised(vigia.post('/api/v1/samples', body(sent)))) acknowledged.add(sent);
        bodies += 1;
        const mark = `body ${bodies}`;
        if (bodies % PER_EVENT !== 0 || signal.aborted) continue;
        if (await promised(vigia.post('/api/v1/events', { entity, name: 'mark', text: mark }))) marked.add(mark);
      }
    },
    check: async (vigia, { storedMs, seenMs }) => {
      await eventually('all is stored', storedMs, async () => (await missing(vigia)).length === 0).catch(
        () => undefined,
      );
      expect(await missing(vigia)).toEqual([]);
      await eventually('all events are stored', storedMs, async () => (await missingMarks(vigia)).length === 0).catch(
        () => undefined,
      );
      expect(await missingMarks(vigia)).toEqual([]);
      const marks = await marksOf(vigia);
      expect(marked.size).toBeGreaterThan(0);
      expect(new Set(marks).size).toBe(marks.length);
      const seen = (await rowsOf(vigia)).map((row) => `${row.series} ${row.time}`);
      expect(new Set(seen).size).toBe(seen.length);

      const anomalies = await eventually('the jump is seen', seenMs, async () => {
        const { items } = await vigia.get<{ items: Anomaly[] }>(
          `/api/v1/anomalies?entity=${encodeURIComponent(entity)}&limit=100`,
        );
        return items.length > 0 ? items : null;
      });
      // That nothing came for a while is told beside what was abnormal before; and what nobody could tell of any more
      // after a restart was closed and said to be lost.
      const spans = anomalies
        .filter(({ kind, ending }) => kind !== 'missing' && ending?.by !== 'lost')
        .map(({ id, kind, start, end }) => ({ id, kind, start, end: end ?? Number.POSITIVE_INFINITY }))
        .sort((a, b) => a.start - b.start);
      const twice = spans.flatMap((span, i) => {
        const before = spans[i - 1];
        return before !== undefined && span.start < before.end ? [[before, span]] : [];
      });
      expect(twice).toEqual([]);

      const incidents = await all<Incident>(vigia, '/api/v1/incidents?limit=50');
      const told = incidents.flatMap(({ mergedInto, anomalies: ids }) => (mergedInto === undefined ? ids : []));
      expect(new Set(told).size).toBe(told.length);
    },
  };
}
