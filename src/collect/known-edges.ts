import type { EntityId } from '../model/entity.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Edge } from '../model/topology.ts';

type Found = Pick<Edge, 'from' | 'to' | 'kind' | 'source'>;

/** The labels of an entity's series are looked at again after this long, ms. */
const LOOK_MS = 60_000;
/** What comes within this time is one look: a page of an entity may come in several batches. */
const LOOK_LASTS_MS = 5000;
/** One that was not seen for so long is forgotten here; the store keeps it for longer. */
const FORGET_MS = 3_600_000;
const MAX_EDGES = 50_000;
const MAX_ENTITIES = 200_000;

interface Known {
  edge: Edge;
  /** `lastSeen` as it was last told; NaN before the first time. */
  told: number;
}

/** Every edge that the labels of series showed, looked for now and then so that it costs samples nothing. */
export class KnownEdges {
  readonly #find: (series: Series) => readonly Found[];
  readonly #known = new Map<string, Known>();
  /** When each entity's series were last looked at. */
  readonly #looked = new Map<EntityId, number>();
  /** What a series shows never changes, and most show nothing. */
  readonly #ofSeries = new WeakMap<Series, readonly Known[]>();

  constructor(find: (series: Series) => readonly Found[]) {
    this.#find = find;
  }

  see(batches: readonly SampleBatch[]): void {
    for (const { entity, receivedAt, series } of batches) {
      if (!this.#isDue(entity, receivedAt)) continue;
      for (const one of series) this.#look(one, receivedAt);
    }
  }

  /** Edges to tell of, at most `limit`; `told` is to be called when they have been. */
  due(now: number, limit: number): { readonly edges: readonly Edge[]; readonly told: () => void } {
    const due: Known[] = [];
    for (const [key, known] of this.#known) {
      const { lastSeen } = known.edge;
      if (!(lastSeen - known.told < LOOK_MS) && lastSeen !== known.told) due.push(known);
      else if (now - lastSeen > FORGET_MS) this.#known.delete(key);
      if (due.length >= limit) break;
    }
    const edges = due.map(({ edge }) => edge);
    return {
      edges,
      told: () => {
        for (const [i, known] of due.entries()) known.told = edges[i]!.lastSeen;
      },
    };
  }

  #isDue(entity: EntityId, time: number): boolean {
    const looked = this.#looked.get(entity);
    if (looked !== undefined && time - looked < LOOK_LASTS_MS) return true;
    if (looked !== undefined && time - looked < LOOK_MS) return false;
    if (looked === undefined && this.#looked.size >= MAX_ENTITIES) this.#looked.clear();
    this.#looked.set(entity, time);
    return true;
  }

  #look(series: Series, time: number): void {
    let shown = this.#ofSeries.get(series);
    if (shown === undefined) {
      shown = this.#find(series).flatMap((found) => this.#entry(found, time) ?? []);
      this.#ofSeries.set(series, shown);
    }
    for (const known of shown) {
      if (time <= known.edge.lastSeen) continue;
      known.edge = { ...known.edge, lastSeen: time };
      // It may have been forgotten while its series was away.
      this.#known.set(keyOf(known.edge), known);
    }
  }

  #entry(found: Found, time: number): Known | null {
    const key = keyOf(found);
    const there = this.#known.get(key);
    if (there !== undefined) return there;
    if (this.#known.size >= MAX_EDGES) return null;
    const made: Known = { edge: { ...found, firstSeen: time, lastSeen: time }, told: Number.NaN };
    this.#known.set(key, made);
    return made;
  }
}

const keyOf = ({ from, to, kind }: Found): string => `${from} ${kind} ${to}`;
