import { matchesPattern } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import type { Edge } from '../model/topology.ts';
import { TopologyGraph } from '../model/topology-graph.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';

/** An edge that the owner names; `*` and `?` of a pattern stand for what is known. */
export interface TopologyRule {
  readonly from: string;
  readonly to: string;
  readonly kind: Edge['kind'];
}

export interface TopologyOptions {
  readonly rules: readonly TopologyRule[];
  /** What nothing has shown for so long is no longer so, ms. */
  readonly forgetMs: number;
}

interface KeeperDeps {
  readonly store: Pick<Store, 'edges' | 'entities'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: TopologyOptions;
}

const REFRESH_MS = 10_000;
/** New entities may fit patterns of the configuration. */
const EXPAND_MS = 60_000;
const FORGET_EVERY_MS = 600_000;
const PAGE = 1000;
/** As many as the graph takes. */
const MAX_EDGES = 100_000;
const MAX_ENTITIES = 20_000;
/** Edges that one rule with patterns at both ends may make. */
const MAX_PAIRS = 5000;

const isPattern = (text: string): boolean => /[*?]/.test(text);

/** The edges that the rules stand for among these entities; what is named in full need not be known. */
function expandRules(
  rules: readonly TopologyRule[],
  entities: readonly EntityId[],
  time: number,
): { readonly edges: readonly Edge[]; readonly cut: readonly TopologyRule[] } {
  const found = new Map<string, Edge>();
  const cut: TopologyRule[] = [];
  const ends = (pattern: string): readonly EntityId[] =>
    isPattern(pattern) ? entities.filter((id) => matchesPattern(pattern, id)) : [pattern];
  for (const rule of rules) {
    let pairs = 0;
    const targets = ends(rule.to);
    for (const from of ends(rule.from)) {
      for (const to of targets) {
        if (from === to || ++pairs > MAX_PAIRS) continue;
        const edge: Edge = { from, to, kind: rule.kind, source: 'config', firstSeen: time, lastSeen: time };
        found.set(`${from} ${rule.kind} ${to}`, edge);
      }
    }
    if (pairs > MAX_PAIRS) cut.push(rule);
  }
  return { edges: [...found.values()], cut };
}

/** All pages of a list, at most `limit` items. */
async function all<T>(
  page: (cursor: string | null) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
  limit: number,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next;
  } while (cursor !== null && items.length < limit);
  return items;
}

/** Keeps the topology in the store up to date with the configuration, and this process up to date with the store. */
export class TopologyKeeper {
  readonly #deps: KeeperDeps;
  #mark = '';
  #refreshed = Number.NEGATIVE_INFINITY;
  #expanded = Number.NEGATIVE_INFINITY;
  #forgot = Number.NEGATIVE_INFINITY;
  #written = new Set<string>();

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** The topology when it has changed since it was last asked for, else null. Looks at most every ten seconds. */
  async news(): Promise<TopologyGraph | null> {
    const { store, clock, options } = this.#deps;
    const now = clock.now();
    if (now - this.#refreshed < REFRESH_MS) return null;
    this.#refreshed = now;
    await this.#expand(now);
    if (now - this.#forgot >= FORGET_EVERY_MS) {
      this.#forgot = now;
      await store.edges.forget(now - options.forgetMs);
    }
    const mark = await store.edges.mark();
    if (mark === this.#mark) return null;
    this.#mark = mark;
    return new TopologyGraph(await all((cursor) => store.edges.list({ limit: PAGE, cursor }), MAX_EDGES));
  }

  /** Writes what the configuration says, and takes away what it no longer does. */
  async #expand(now: number): Promise<void> {
    const { store, log, options } = this.#deps;
    const first = this.#expanded === Number.NEGATIVE_INFINITY;
    const patterns = options.rules.some(({ from, to }) => isPattern(from) || isPattern(to));
    if (!first && (!patterns || now - this.#expanded < EXPAND_MS)) return;
    this.#expanded = now;
    const entities = patterns ? await all((cursor) => store.entities.list({ limit: PAGE, cursor }), MAX_ENTITIES) : [];
    const ids = entities.map(({ id }) => id);
    const { edges, cut } = expandRules(options.rules, ids, now);
    const key = ({ from, to, kind }: Edge): string => `${from} ${kind} ${to}`;
    const wanted = new Set(edges.map(key));
    if (first) {
      const said = await all((cursor) => store.edges.list({ source: 'config', limit: PAGE, cursor }), MAX_EDGES);
      await store.edges.remove(said.filter((edge) => !wanted.has(key(edge))));
      for (const rule of cut)
        log.warn({ ...rule, edges: MAX_PAIRS }, 'topology: a rule makes too many edges; the rest is left out');
    }
    await store.edges.upsert(edges.filter((edge) => !this.#written.has(key(edge))));
    this.#written = wanted;
  }
}
