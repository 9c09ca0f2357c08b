import { type Silence, silenceMatches } from '../model/silence.ts';
import type { TopologyGraph } from '../model/topology-graph.ts';
import type { Signal } from './signal.ts';

/** Answers kept, by entity and kind of sign. */
const MAX_KNOWN = 50_000;
const NOBODY: readonly string[] = [];

/** Which silences in force are about a sign. Immutable but for what it remembers: a change of silences makes another. */
export class Quiet {
  readonly silences: readonly Silence[];
  readonly #topology: TopologyGraph;
  readonly #known = new Map<string, readonly string[]>();

  constructor(silences: readonly Silence[], topology: TopologyGraph) {
    this.silences = silences;
    this.#topology = topology;
  }

  get any(): boolean {
    return this.silences.length > 0;
  }

  /** Ids of the silences that are about this sign. */
  by({ entity, kind }: Signal): readonly string[] {
    if (this.silences.length === 0) return NOBODY;
    const key = `${kind} ${entity}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const above = this.silences.some(({ match }) => match.below) ? this.#topology.above(entity) : [];
    const found = this.silences
      .filter((silence) => silenceMatches(silence, { entity, anomaly: kind, above }))
      .map(({ id }) => id);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }
}
