import type { Edge } from '../../src/model/topology.ts';
import type { FrameLayout } from '../../src/model/frame.ts';
import { internLayout } from '../../src/model/layout.ts';
import { createRandom, type Random } from '../../src/ml/random.ts';
import { CATALOGUE, type EntityKind, type FeatureSpec } from './catalogue.ts';
import { createSeason, type Season } from './season.ts';

/** An entity and its habits; what a run adds is chance. */
export interface SimEntity {
  readonly id: string;
  readonly kind: EntityKind;
  readonly index: number;
  readonly features: readonly FeatureSpec[];
  readonly layout: FrameLayout;
  readonly season: Season;
  /** A job every day at this minute, for so many minutes; null where there is none. On Sundays it takes twice as long. */
  readonly job: { readonly minute: number; readonly minutes: number } | null;
  /** Restarts by itself so often a day. */
  readonly restartsADay: number;
}

export interface Fleet {
  readonly entities: readonly SimEntity[];
  readonly edges: readonly Pick<Edge, 'from' | 'to' | 'kind'>[];
  /** Entities that are deployed together, by service. */
  readonly deployed: ReadonlyMap<string, readonly SimEntity[]>;
}

const SERVICES = ['web', 'cart', 'orders', 'payments', 'search', 'stock', 'users', 'mail'];
/** Shares of a fleet; the rest are pods. */
const SHARE = { host: 0.24, service: 0.16, database: 0.1 } as const;

/** How much larger or smaller than another of its kind something is, as a deviation of the logarithm. */
const SPREAD = { kind: 0.5, siblings: 0.04 } as const;

/**
 * Features of one entity: those of its kind, each somewhat larger or smaller, steadier or noisier. Siblings, such as
 * the pods of a service, are nearly of a size.
 */
function featuresOf(kind: EntityKind, family: Random, own: Random): readonly FeatureSpec[] {
  return CATALOGUE[kind].map((spec) => {
    const size = SPREAD.kind * family.normal() + SPREAD.siblings * own.normal();
    const base = Number.isFinite(spec.high) ? spec.base : spec.base * Math.exp(size);
    return { ...spec, base, deviation: spec.deviation * (0.8 + 0.4 * own.next()) };
  });
}

const layouts = new Map<EntityKind, FrameLayout>();

function layoutOf(kind: EntityKind): FrameLayout {
  const known = layouts.get(kind);
  if (known !== undefined) return known;
  const made = internLayout(
    CATALOGUE[kind].map(({ name, unit, kind: of }) => ({
      name,
      metric: name,
      labels: {},
      kind: of,
      unit,
      limit: null,
    })),
  );
  layouts.set(kind, made);
  return made;
}

/** A fleet of so many entities: hosts, the pods on them, the services that these make up, the databases they call. */
export function createFleet(seed: number, size = 50): Fleet {
  const random = createRandom(seed).fork('fleet');
  const count = (share: number): number => Math.max(1, Math.round(size * share));
  const hosts = count(SHARE.host);
  const services = Math.min(SERVICES.length, count(SHARE.service));
  const databases = count(SHARE.database);
  const names: { readonly id: string; readonly kind: EntityKind }[] = [];
  for (let n = 0; n < hosts; n++) names.push({ id: `host/node-${n + 1}`, kind: 'host' });
  for (let n = 0; n < services; n++) names.push({ id: `service/${SERVICES[n]}`, kind: 'service' });
  for (let n = 0; n < databases; n++) names.push({ id: `database/db-${n + 1}`, kind: 'database' });
  const pods = size - names.length;
  for (let n = 0; n < pods; n++) names.push({ id: `pod/${SERVICES[n % services]}-${n}`, kind: 'pod' });

  const entities = names.map(({ id, kind }, index): SimEntity => {
    const own = random.fork(id);
    const family = random.fork(`sizes ${kind === 'pod' ? id.slice(0, id.lastIndexOf('-')) : id}`);
    const works = kind === 'host' || kind === 'database' || (kind === 'service' && index % 3 === 0);
    return {
      id,
      kind,
      index,
      features: featuresOf(kind, family, own),
      layout: layoutOf(kind),
      season: createSeason(own),
      job: works ? { minute: own.int(1440), minutes: 15 + own.int(30) } : null,
      restartsADay: kind === 'pod' ? 1 / 7 : 0,
    };
  });
  const of = (kind: EntityKind) => entities.filter((entity) => entity.kind === kind);
  const edges: Pick<Edge, 'from' | 'to' | 'kind'>[] = [];
  const deployed = new Map<string, SimEntity[]>(of('service').map((service) => [service.id, [service]]));
  of('pod').forEach((pod, n) => {
    const service = `service/${SERVICES[n % services]}`;
    edges.push({ from: pod.id, to: of('host')[n % hosts]!.id, kind: 'runs_on' });
    edges.push({ from: pod.id, to: service, kind: 'part_of' });
    deployed.get(service)?.push(pod);
  });
  of('service').forEach((service, n) => {
    edges.push({ from: service.id, to: of('database')[n % databases]!.id, kind: 'calls' });
    if (n > 0) edges.push({ from: of('service')[n >> 1]!.id, to: service.id, kind: 'calls' });
  });
  return { entities, edges: edges.filter(({ from, to }) => from !== to), deployed };
}
