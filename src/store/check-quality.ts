import { expect, it } from 'vitest';
import type { EntityQuality, FeatureChoice, Lineage } from '../model/data-quality.ts';
import type { DeadLetter } from '../model/topics.ts';
import { NOW } from './check-store.ts';
import type { Store } from './store.ts';

const first = { limit: 100, cursor: null };

const quality = (entity: string, over: Partial<EntityQuality> = {}): EntityQuality => ({
  entity,
  updatedAt: NOW,
  since: NOW - 1000,
  lastSample: NOW - 10,
  sources: ['push'],
  samples: 5_000_000_000,
  drops: { late: 2, 'filters/noisy': 7 },
  series: 12,
  newSeries: 3,
  worst: [{ metric: 'requests_total', series: 900 }],
  features: 8,
  gaps: 1,
  gapMs: 15_000,
  skewMs: -250,
  units: [{ metric: 'latency_milliseconds', from: 'milliseconds', to: 'seconds', scale: 0.001 }],
  ...over,
});

const choice = (madeAt: number, version: string): FeatureChoice => ({
  scope: 'quality-host',
  version,
  madeAt,
  budget: 10,
  enforced: false,
  entities: 2,
  rows: 100,
  verdicts: [{ feature: 'load', chosen: true, why: null, of: null, value: 0.9, since: madeAt }],
  profile: [{ feature: 'load', median: 1, low: 0, high: 2, missing: 0 }],
});

/** What the stores of data quality promise, over either engine. */
export function checkQuality(open: () => Promise<Store>): void {
  it('data quality is the newest that was said of each entity, in pages by id', async () => {
    const { quality: store } = await open();
    await store.save([quality('quality/b'), quality('quality/a'), quality('quality/c')]);
    await store.save([quality('quality/a', { updatedAt: NOW - 1, series: 1 }), quality('quality/b', { series: 20 })]);
    const page = await store.list({ limit: 2, cursor: null, search: 'QUALITY/' });
    expect(page.items.map(({ entity, series }) => [entity, series])).toEqual([
      ['quality/a', 12],
      ['quality/b', 20],
    ]);
    const rest = await store.list({ limit: 2, cursor: page.next, search: 'quality/' });
    expect(rest).toEqual({ items: [quality('quality/c')], next: null });
    expect(await store.get('quality/nobody')).toBeNull();
    expect(await store.get('quality/c')).toEqual(quality('quality/c'));
  });

  it('the newest choice of features of a kind stands, and what a model was trained on stays as it was first said', async () => {
    const { choices, lineages } = await open();
    await choices.save(choice(NOW, 'v2'));
    await choices.save(choice(NOW - 1, 'v1'));
    expect(await choices.get('quality-host')).toEqual(choice(NOW, 'v2'));
    expect(await choices.get('quality-pod')).toBeNull();
    const lineage: Lineage = {
      model: 'quality-model',
      time: NOW,
      scope: 'host',
      preparation: 'p',
      steps: [{ name: 'frames', version: '1' }],
      choice: null,
      reads: [{ entity: 'host/a', tier: 'minute', from: 0, to: NOW, rows: 10 }],
      entities: 1,
      rows: 10,
      digest: 'd',
    };
    await lineages.insert(lineage);
    await lineages.insert({ ...lineage, rows: 11 });
    expect(await lineages.of('quality-model')).toEqual(lineage);
    expect(await lineages.of('quality-other')).toBeNull();
  });

  it('a dead letter is sent again once, and is dead once more when it is refused again', async () => {
    const { deadLetters } = await open();
    const letter: DeadLetter = {
      id: 'quality-letter',
      topic: 'samples',
      group: 'quality',
      key: 'host/a',
      reason: 'bad',
      attempts: 3,
      time: NOW,
      payload: '{}',
    };
    const waiting = async () => (await deadLetters.list({ ...first, group: 'quality', waiting: true })).items.length;
    await deadLetters.append([letter]);
    const [one, other] = await Promise.all([
      deadLetters.replayed('quality-letter', { by: 'ana', time: NOW + 1 }),
      deadLetters.replayed('quality-letter', { by: 'eva', time: NOW + 1 }),
    ]);
    expect([one, other].filter(Boolean)).toHaveLength(1);
    expect(await waiting()).toBe(0);
    expect(await deadLetters.get('quality-letter')).toMatchObject({ replayedAt: NOW + 1, attempts: 3 });
    await deadLetters.append([{ ...letter, reason: 'still bad', time: NOW + 2 }]);
    expect(await waiting()).toBe(1);
    expect(await deadLetters.get('quality-letter')).toMatchObject({
      reason: 'still bad',
      attempts: 6,
      replayedAt: null,
    });
    expect(await deadLetters.replayed('quality-nobody', { by: 'ana', time: NOW })).toBe(false);
  });
}
