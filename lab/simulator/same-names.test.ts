import { expect, it } from 'vitest';
import { CATALOGUE } from '../catalogue.ts';
import { vigiaConfig } from '../arms/vigia-config.ts';
import { createReplicaMetrics } from '../replica/metrics.ts';
import { Places } from '../replica/places.ts';
import { LAB_ACTIONS } from '../world.ts';
import { SEEN_METRICS } from './observe.ts';
import { trainingEpisodes } from './train.ts';

/** What Vigía makes by itself of who is not heard of. */
const MADE = ['frames'];
/** Names that the supervisor tells changes and crashes by. */
const EVENTS = ['deploy', 'config_change', 'crash'];

async function realNames(): Promise<ReadonlySet<string>> {
  const places = new Places({ places: 1, queue: 1, waitMs: 1 });
  const metrics = createReplicaMetrics({
    slots: places,
    slotCount: 1,
    pool: places,
    disk: { used: 0 },
    log: { bytes: 0 },
    clockOffsetMs: () => 0,
  });
  try {
    const page = await metrics.expose();
    return new Set([...MADE, ...[...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)]);
  } finally {
    metrics.stop();
  }
}

it('sees of simulated replicas only what real ones show, by the same names', async () => {
  const real = await realNames();
  expect(real.size).toBeGreaterThan(MADE.length + 10);
  expect(SEEN_METRICS.filter((name) => !real.has(name))).toEqual([]);
});

it('thinks of actions for what can be seen in either', async () => {
  const real = new Set([...(await realNames()), ...EVENTS.map((name) => `event_${name}`)]);
  const meant = Object.values(CATALOGUE).flatMap(({ features }) => features);
  expect(meant.filter((name) => !real.has(name))).toEqual([]);
  const options = { adminUrl: 'http://127.0.0.1:1', logFolder: '/l', dataFolder: '/d', port: 1 } as const;
  const config = vigiaConfig({ ...options, mode: 'auto', language: 'en', policyFile: '/p' }) as {
    readonly actions: readonly { readonly id: string; readonly match: { readonly features: readonly string[] } }[];
  };
  for (const { id, match } of config.actions) {
    const action = LAB_ACTIONS.find((known) => known === id)!;
    expect(match.features).toEqual(CATALOGUE[action].features);
  }
});

it('learns from words that the real lab has too', async () => {
  const real = await realNames();
  const words = new Set(
    trainingEpisodes(3, 60).flatMap(({ steps }) =>
      steps.flatMap(({ options }) => options.flatMap(({ evidence = [] }) => evidence)),
    ),
  );
  expect(words.size).toBeGreaterThan(10);
  const strange = [...words].filter((word) => {
    const event = /^(\S+) event$/.exec(word)?.[1];
    const [, metric = '', rest = ''] = /^(\S+) ((?:up|down|gone) (?:alone|shared))$/.exec(word) ?? [];
    return event === undefined ? rest === '' || !real.has(metric) : !EVENTS.includes(event);
  });
  expect(strange).toEqual([]);
});
