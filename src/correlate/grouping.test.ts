import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Severity } from '../model/anomaly.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Edge } from '../model/topology.ts';
import { TopologyGraph } from '../model/topology-graph.ts';
import type { Grants } from './alert-budget.ts';
import { Correlation, CORRELATION_DEFAULTS } from './correlation.ts';
import type { Signal } from './signal.ts';

const T0 = 1_800_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ANY = { count: Number.POSITIVE_INFINITY, windowMs: 1 };
const everything: Grants = ({ wanted }) => ({ severity: wanted, budget: { pages: ANY, warnings: ANY } });

const sign = (id: string, over: Partial<Signal> = {}): Signal => ({
  id,
  type: 'anomaly',
  kind: 'spike',
  entity: `service/${id}`,
  fleet: 'default',
  start: T0,
  end: null,
  happened: false,
  severity: 'warning',
  severityReason: phrase('x'),
  strength: 0.7,
  features: [`metric_of_${id}`],
  updatedAt: over.end ?? over.start ?? T0,
  ...over,
});

const deployOf = (entity: string, time: number): Event => ({
  id: `event of ${entity}`,
  time,
  entity,
  fleet: 'default',
  name: 'deploy',
  source: 'ci',
  severity: 'info',
  text: '',
  labels: {},
});

const edge = (from: string, kind: Edge['kind'], to: string) => ({ from, kind, to });

function watch(edges: readonly ReturnType<typeof edge>[] = []) {
  const correlation = new Correlation();
  correlation.setTopology(new TopologyGraph(edges));
  const incidents = new Map<string, Incident>();
  const flush = (now: number): void => {
    const changed = correlation.flush(now, everything);
    for (const incident of changed) incidents.set(incident.id, incident);
    correlation.acknowledge(changed);
  };
  return {
    correlation,
    flush,
    take(signal: Signal, now = signal.updatedAt) {
      correlation.take(signal, now);
      flush(now);
    },
    /** Groups of sign ids, those that were joined with others left out. */
    groups: (): string[][] =>
      [...incidents.values()]
        .filter(({ mergedInto }) => mergedInto === undefined)
        .map(({ anomalies }) => anomalies.toSorted())
        .sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
    all: () => [...incidents.values()],
  };
}

describe('neighbours in the topology', () => {
  const shop = [
    edge('service/web', 'calls', 'service/orders'),
    edge('service/orders', 'calls', 'service/db'),
    edge('service/db', 'runs_on', 'host/n1'),
    edge('service/mail', 'calls', 'service/db'),
  ];

  test('are one incident though their trouble differs, at two edges and not at three', () => {
    const w = watch(shop);
    w.take(sign('db', { start: T0 }));
    w.take(sign('web', { start: T0 + 90 * SECOND }));
    w.take(sign('far', { entity: 'service/far', start: T0 + 90 * SECOND }));
    expect(w.groups()).toEqual([['db', 'web'], ['far']]);
    const three = watch(shop);
    three.take(sign('n1', { entity: 'host/n1' }));
    three.take(sign('web'));
    expect(three.groups()).toEqual([['n1'], ['web']]);
  });

  test('are two incidents when minutes lie between', () => {
    const w = watch(shop);
    w.take(sign('db'));
    w.take(sign('orders', { start: T0 + 3 * MINUTE }));
    expect(w.groups()).toEqual([['db'], ['orders']]);
  });

  test('that need the same are one incident; that are needed by the same are not', () => {
    const w = watch(shop);
    w.take(sign('orders'));
    w.take(sign('mail'));
    expect(w.groups()).toEqual([['mail', 'orders']]);
    const gateway = watch([edge('service/gw', 'calls', 'service/a'), edge('service/gw', 'calls', 'service/b')]);
    gateway.take(sign('a'));
    gateway.take(sign('b'));
    expect(gateway.groups()).toEqual([['a'], ['b']]);
  });

  test('that all run on one large machine are not one for that alone', () => {
    const pods = Array.from({ length: 60 }, (_, i) => edge(`pod/p${i}`, 'runs_on', 'host/n1'));
    const w = watch(pods);
    w.take(sign('a', { entity: 'pod/p1' }));
    w.take(sign('b', { entity: 'pod/p2' }));
    expect(w.groups()).toEqual([['a'], ['b']]);
    w.take(sign('n1', { entity: 'host/n1', start: T0 + SECOND }));
    expect(w.groups()).toEqual([['a', 'b', 'n1']]);
  });

  test('may call each other in circles, and themselves', () => {
    const w = watch([
      edge('service/a', 'calls', 'service/b'),
      edge('service/b', 'calls', 'service/a'),
      edge('service/a', 'calls', 'service/a'),
    ]);
    w.take(sign('a'));
    w.take(sign('b', { strength: 0.85 }));
    expect(w.groups()).toEqual([['a', 'b']]);
    expect(w.all()[0]!.root).toBe('service/b');
  });

  test('joined by a later sign become one, and the other says where it went', () => {
    const w = watch(shop);
    w.take(sign('web', { severity: 'critical' }));
    w.take(sign('mail'));
    expect(w.groups()).toEqual([['mail'], ['web']]);
    w.take(sign('db', { start: T0 + 30 * SECOND }));
    expect(w.groups()).toEqual([['db', 'mail', 'web']]);
    const merged = w.all().find(({ mergedInto }) => mergedInto !== undefined)!;
    const into = w.all().find(({ mergedInto }) => mergedInto === undefined)!;
    expect(merged).toMatchObject({ state: 'resolved', mergedInto: into.id });
    expect(into).toMatchObject({ state: 'open', severity: 'critical' });
    expect(into.timeline.filter(({ type }) => type === 'anomaly')).toHaveLength(3);
    const end = T0 + 10 * MINUTE;
    for (const id of ['web', 'mail', 'db']) w.take(sign(id, { end, updatedAt: end }));
    w.correlation.tick(end + CORRELATION_DEFAULTS.quietMs);
    w.flush(end + CORRELATION_DEFAULTS.quietMs);
    expect(w.all().map(({ state }) => state)).toEqual(['resolved', 'resolved']);
  });

  test('have the called one as the root, with the callers as its reason', () => {
    const w = watch(shop);
    w.take(sign('web', { start: T0 }));
    w.take(sign('orders', { start: T0 + 5 * SECOND }));
    w.take(sign('db', { start: T0 + 10 * SECOND }));
    const incident = w.all().find(({ mergedInto }) => mergedInto === undefined);
    expect(incident!.roots!.map(({ entity }) => entity)).toEqual(['service/db', 'service/orders', 'service/web']);
    expect(incident).toMatchObject({
      root: 'service/db',
      rootReason: { key: 'correlate.rootUpstream', values: { count: 2 } },
    });
    expect(incident!.roots![1]!.reason).toMatchObject({
      key: 'correlate.rootDepends',
      values: { other: 'service/db' },
    });
    const sure = incident!.roots!.reduce((sum, { share }) => sum + share, 0);
    expect(sure).toBeCloseTo(1);
    expect(incident!.roots![0]!.share).toBeLessThanOrEqual(0.9);
  });
});

describe('a change', () => {
  test('makes what follows on it and near it one incident, also when it is heard of last', () => {
    const near = [edge('service/web', 'calls', 'service/db')];
    const signs = [sign('web', { start: T0 + MINUTE }), sign('db', { start: T0 + 8 * MINUTE })];
    const first = watch(near);
    first.correlation.takeEvent(deployOf('service/db', T0));
    for (const one of signs) first.take(one);
    const last = watch(near);
    for (const one of signs) last.take(one);
    expect(last.groups()).toEqual([['db'], ['web']]);
    last.correlation.takeEvent(deployOf('service/db', T0), T0 + 9 * MINUTE);
    last.flush(T0 + 9 * MINUTE);
    expect(first.groups()).toEqual([['db', 'web']]);
    expect(last.groups()).toEqual(first.groups());
  });
});

describe('silence', () => {
  test('of everything a source sends, each after its own interval, is one incident', () => {
    const w = watch();
    for (let i = 0; i < 200; i++) {
      const start = T0 + (i % 5) * MINUTE;
      w.correlation.take(sign(`m${i}`, { kind: 'missing', features: [], start }), T0 + 5 * MINUTE);
    }
    w.flush(T0 + 5 * MINUTE);
    expect(w.groups()).toHaveLength(1);
  });
});

/** Signs of a small fleet within a quarter of an hour, as they would be heard of in order. */
const arrivals = fc.array(
  fc.record({
    entity: fc.constantFrom('service/web', 'service/orders', 'service/db', 'host/n1', 'host/n2', 'pod/a', 'pod/b'),
    feature: fc.constantFrom('cpu_busy', 'memory_used', 'latency_p99', 'errors'),
    kind: fc.constantFrom('spike', 'dip', 'missing'),
    severity: fc.constantFrom<Severity>('warning', 'critical'),
    start: fc.integer({ min: 0, max: 180 }).map((step) => T0 + step * 5 * SECOND),
    lasts: fc.option(fc.integer({ min: 1, max: 40 }).map((step) => step * 5 * SECOND)),
    late: fc.integer({ min: 0, max: 4 * MINUTE }),
    endLate: fc.integer({ min: 0, max: 4 * MINUTE }),
  }),
  { minLength: 1, maxLength: 14 },
);
const fleet = [
  edge('service/web', 'calls', 'service/orders'),
  edge('service/orders', 'calls', 'service/db'),
  edge('service/db', 'runs_on', 'host/n1'),
  edge('pod/a', 'runs_on', 'host/n2'),
  edge('pod/b', 'runs_on', 'host/n2'),
  edge('host/n1', 'calls', 'service/web'),
];

interface Arrival {
  readonly at: number;
  readonly what: Signal | Event;
}

const isEvent = (what: Signal | Event): what is Event => 'text' in what;

function play(all: readonly Arrival[]): string[][] {
  const w = watch(fleet);
  const ordered = all.toSorted((a, b) => a.at - b.at);
  let ticked = T0;
  for (const { at, what } of ordered) {
    for (; ticked < at; ticked += 30 * SECOND) w.correlation.tick(ticked);
    if (isEvent(what)) w.correlation.takeEvent(what, at);
    else w.correlation.take(what, at);
    w.flush(at);
  }
  return w.groups();
}

test('warnings that come up to four minutes late, in any order, end in the same groups as in order', () => {
  fc.assert(
    fc.property(arrivals, fc.option(fc.integer({ min: 0, max: 10 })), (raw, deploy) => {
      const inOrder: Arrival[] = [];
      const late: Arrival[] = [];
      for (const [i, { entity, feature, kind, severity, start, lasts, late: by, endLate }] of raw.entries()) {
        const open = sign(`s${i}`, { entity, kind, severity, start, features: kind === 'missing' ? [] : [feature] });
        inOrder.push({ at: start, what: open });
        late.push({ at: start + by, what: open });
        if (lasts === null) continue;
        const over = { ...open, end: start + lasts, updatedAt: start + lasts };
        inOrder.push({ at: over.end, what: over });
        late.push({ at: over.end + endLate, what: over });
      }
      if (deploy !== null) {
        const event = deployOf('service/db', T0 + deploy * MINUTE);
        inOrder.push({ at: event.time, what: event });
        late.push({ at: event.time + 3 * MINUTE, what: event });
      }
      expect(play(late)).toEqual(play(inOrder));
    }),
    { numRuns: 300 },
  );
});
