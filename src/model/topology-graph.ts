import type { EntityId } from './entity.ts';
import { causeAndEffect, type Edge, type Neighbour } from './topology.ts';

/** Edges kept in a graph; of more, the first. */
const MAX_EDGES = 100_000;
/** Entities that one question visits: a gateway may have thousands behind it, and nobody looks at them all. */
const MAX_VISITED = 2000;
/** An entity with more than this many direct neighbours says nothing of what they have in common. */
const HUB = 50;

type Links = Map<EntityId, EntityId[]>;

function link(links: Links, from: EntityId, to: EntityId): void {
  const known = links.get(from);
  if (known === undefined) links.set(from, [to]);
  else known.push(to);
}

/** Each end once, in order. Looking for it at each `link` would take the square of what a service with thousands of parts has. */
function settle(links: Links): void {
  for (const [from, ends] of links) {
    ends.sort();
    if (ends.some((end, i) => end === ends[i - 1])) links.set(from, [...new Set(ends)]);
  }
}

const NONE: readonly EntityId[] = [];

/**
 * What depends on what, to be asked in both directions. Cycles are walked once, an edge from an entity to itself is
 * nothing, ends need not be known otherwise. Immutable; answers come nearest first, then by id.
 */
export class TopologyGraph {
  readonly #causes: Links = new Map();
  readonly #effects: Links = new Map();
  /** Effects by `runs_on` and `part_of` upside down: the machine and the wholes of an entity. */
  readonly #above: Links = new Map();

  constructor(edges: Iterable<Pick<Edge, 'from' | 'to' | 'kind'>> = []) {
    let count = 0;
    for (const edge of edges) {
      if (edge.from === edge.to) continue;
      if (++count > MAX_EDGES) break;
      const { cause, effect } = causeAndEffect(edge);
      link(this.#causes, effect, cause);
      link(this.#effects, cause, effect);
      if (edge.kind !== 'calls') link(this.#above, edge.from, edge.to);
    }
    for (const links of [this.#causes, this.#effects, this.#above]) settle(links);
  }

  /** What it needs directly: callees, its machine, its parts. */
  causes(entity: EntityId): readonly EntityId[] {
    return this.#causes.get(entity) ?? NONE;
  }

  /** What needs it directly. */
  effects(entity: EntityId): readonly EntityId[] {
    return this.#effects.get(entity) ?? NONE;
  }

  knows(entity: EntityId): boolean {
    return this.#causes.has(entity) || this.#effects.has(entity);
  }

  /** Its machine, the wholes it is part of, theirs, and so on. */
  above(entity: EntityId): readonly EntityId[] {
    return [...walk([entity], (id) => this.#above.get(id) ?? NONE, MAX_VISITED).keys()].slice(1);
  }

  /** Everything it depends on within so many edges, with the distance; itself not. */
  upstream(entity: EntityId, distance: number): ReadonlyMap<EntityId, number> {
    return without(
      entity,
      walk([entity], (id) => this.causes(id), distance),
    );
  }

  /** Everything that depends on it within so many edges, with the distance; itself not. */
  downstream(entity: EntityId, distance: number): ReadonlyMap<EntityId, number> {
    return without(
      entity,
      walk([entity], (id) => this.effects(id), distance),
    );
  }

  /**
   * Entities within so many edges in whatever direction. Siblings meet in an entity that both are near to; one with
   * more than fifty neighbours makes none. In a cycle the nearer relation counts, of equals `depends_on`.
   */
  neighbours(entity: EntityId, distance: number): readonly Neighbour[] {
    const found = new Map<EntityId, Neighbour>();
    const add = (relation: Neighbour['relation'], reached: ReadonlyMap<EntityId, number>): void => {
      for (const [id, steps] of reached) {
        const known = found.get(id);
        if (id !== entity && (known === undefined || known.distance > steps)) {
          found.set(id, { entity: id, distance: steps, relation });
        }
      }
    };
    add('depends_on', this.upstream(entity, distance));
    add('used_by', this.downstream(entity, distance));
    if (distance > 1) add('sibling', this.#siblings(entity, distance));
    return [...found.values()].sort((a, b) => a.distance - b.distance || (a.entity < b.entity ? -1 : 1));
  }

  /**
   * Entities that trouble may have come from, gone to, or come with: what it depends on, what depends on it, and what
   * depends on the same, within so many edges. The same from both sides: who is kin of whom does not depend on who asks.
   */
  kin(entity: EntityId, distance: number): ReadonlySet<EntityId> {
    const causes = this.upstream(entity, distance);
    const kin = new Set([...causes.keys(), ...this.downstream(entity, distance).keys()]);
    for (const [cause, steps] of causes) {
      if (steps >= distance || this.causes(cause).length + this.effects(cause).length > HUB) continue;
      for (const id of this.downstream(cause, distance - steps).keys()) kin.add(id);
    }
    kin.delete(entity);
    return kin;
  }

  #siblings(entity: EntityId, distance: number): ReadonlyMap<EntityId, number> {
    const beside = (id: EntityId): readonly EntityId[] => {
      const ends = [...this.causes(id), ...this.effects(id)];
      return id !== entity && ends.length > HUB ? NONE : ends;
    };
    return walk([entity], beside, distance);
  }
}

function without(entity: EntityId, reached: Map<EntityId, number>): ReadonlyMap<EntityId, number> {
  reached.delete(entity);
  return reached;
}

/** Breadth first; every entity reached, the start included, with its distance. */
function walk(
  start: readonly EntityId[],
  next: (entity: EntityId) => readonly EntityId[],
  distance: number,
): Map<EntityId, number> {
  const reached = new Map(start.map((id) => [id, 0]));
  let edge: readonly EntityId[] = start;
  for (let steps = 1; steps <= distance && edge.length > 0; steps++) {
    const beyond: EntityId[] = [];
    for (const id of edge) {
      for (const end of next(id)) {
        if (reached.has(end) || reached.size > MAX_VISITED) continue;
        reached.set(end, steps);
        beyond.push(end);
      }
    }
    edge = beyond;
  }
  return reached;
}
