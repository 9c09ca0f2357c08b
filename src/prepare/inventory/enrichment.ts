import { readFile, stat } from 'node:fs/promises';
import { matchesPattern } from '../../model/action-definition.ts';
import type { Entity, EntityId } from '../../model/entity.ts';
import type { Service } from '../../model/service.ts';
import type { Edge } from '../../model/topology.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';
import { type InventoryEntry, readInventory } from './read-inventory.ts';

export interface EnrichmentDeps {
  readonly files: readonly string[];
  readonly store: Pick<Store, 'edges'>;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_MS = 30_000;
/** Edges are said again, so that they are not forgotten. */
const REPEAT_MS = 600_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** What runs on something inherits these of it, where nothing else says them. */
const INHERITED = ['cluster', 'region', 'zone', 'env', 'environment'] as const;
const MOST_KNOWN = 200_000;

interface Known {
  readonly changed: number;
  readonly entries: readonly InventoryEntry[];
}

/**
 * Adds to entities what inventories say of them (labels, what they depend on), and what the topology tells: whatever
 * runs on a host is in the host's zone. A file that cannot be read leaves what was read before.
 */
export class Enrichment implements Service {
  readonly name = 'inventory';
  readonly #deps: EnrichmentDeps;
  readonly #files = new Map<string, Known>();
  #exact: ReadonlyMap<EntityId, readonly InventoryEntry[]> = new Map();
  #patterns: readonly InventoryEntry[] = [];
  /** Labels that an entity can hand on, and on what each entity runs. */
  readonly #labels = new Map<EntityId, Readonly<Record<string, string>>>();
  readonly #runsOn = new Map<EntityId, EntityId>();
  #saidAt = Number.NEGATIVE_INFINITY;
  #end = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: EnrichmentDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { clock, log, files } = this.#deps;
    this.#end = new AbortController();
    if (files.length === 0) return;
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'inventories could not be looked at');
    await this.look().catch(failed);
    this.#looking = every(LOOK_MS, () => this.look(), { clock, signal: this.#end.signal, failed });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#looking;
  }

  /** Entities with what is known of them beside what their samples say; what they say themselves wins. */
  entities(entities: readonly Entity[]): readonly Entity[] {
    return entities.map((entity) => {
      const said = this.#said(entity.id);
      const host = this.#runsOn.get(entity.id);
      const above = host === undefined ? {} : (this.#labels.get(host) ?? {});
      const inherited = Object.fromEntries(
        INHERITED.flatMap((name) => (above[name] === undefined ? [] : [[name, above[name]]])),
      );
      const labels = { ...inherited, ...said, ...entity.labels };
      if (this.#labels.size < MOST_KNOWN || this.#labels.has(entity.id)) this.#labels.set(entity.id, labels);
      return Object.keys(labels).length === Object.keys(entity.labels).length ? entity : { ...entity, labels };
    });
  }

  /** Notes what runs on what. */
  edges(edges: readonly Edge[]): void {
    for (const { from, to, kind } of edges)
      if (kind === 'runs_on' && (this.#runsOn.size < MOST_KNOWN || this.#runsOn.has(from))) this.#runsOn.set(from, to);
  }

  #said(id: EntityId): Readonly<Record<string, string>> {
    const fitting = this.#patterns.filter(({ entity }) => matchesPattern(entity, id));
    const all = [...fitting, ...(this.#exact.get(id) ?? [])];
    return Object.fromEntries(all.flatMap(({ labels }) => Object.entries(labels)));
  }

  /** Reads files that have changed, and says what depends on what. */
  async look(): Promise<void> {
    const { files, clock } = this.#deps;
    let changed = false;
    for (const file of files) changed = (await this.#read(file)) || changed;
    if (changed) this.#order();
    if (changed || clock.now() - this.#saidAt >= REPEAT_MS) await this.#sayEdges();
  }

  async #read(file: string): Promise<boolean> {
    const { log } = this.#deps;
    try {
      const { mtimeMs, size } = await stat(file);
      if (this.#files.get(file)?.changed === mtimeMs) return false;
      if (size > MAX_BYTES) throw new Error('larger than 32 MiB');
      const entries = readInventory(await readFile(file, 'utf8'), /\.ya?ml$/i.test(file) ? 'yaml' : 'csv');
      this.#files.set(file, { changed: mtimeMs, entries });
      log.info({ file, entries: entries.length }, 'an inventory was read');
      return true;
    } catch (thrown) {
      log.warn({ file, error: toError(thrown).message }, 'an inventory cannot be read; what it said before stands');
      return false;
    }
  }

  #order(): void {
    const all = [...this.#files.values()].flatMap(({ entries }) => entries);
    this.#patterns = all.filter(({ entity }) => entity.includes('*'));
    const exact = new Map<EntityId, InventoryEntry[]>();
    for (const entry of all)
      if (!entry.entity.includes('*')) exact.set(entry.entity, [...(exact.get(entry.entity) ?? []), entry]);
    this.#exact = exact;
  }

  async #sayEdges(): Promise<void> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const edges = [...this.#exact.values()]
      .flat()
      .flatMap(({ entity, dependsOn }) =>
        dependsOn
          .filter((to) => to !== entity)
          .map((to): Edge => ({ from: entity, to, kind: 'calls', source: 'labels', firstSeen: now, lastSeen: now })),
      );
    if (edges.length > 0) await store.edges.upsert(edges);
    this.#saidAt = now;
  }
}
