import { createHash, type Hash } from 'node:crypto';
import type { Lineage } from '../../model/data-quality.ts';
import { type EntityId, parseEntityId } from '../../model/entity.ts';
import type { Model } from '../../model/failure.ts';
import type { FrameLayout } from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { FrameStore, ModelStore, Store, Tier, TimeRange } from '../../store/store.ts';
import type { Preparation } from '../steps/preparation.ts';

export interface TrainingSetDeps {
  readonly store: Pick<Store, 'frames' | 'choices' | 'lineages'>;
  readonly preparation: Preparation;
  readonly clock: Clock;
  /** Whether models are given the chosen features alone. */
  readonly enforce: boolean;
}

/** What was read of one entity in one resolution. */
interface Read {
  readonly entity: EntityId;
  readonly tier: Tier;
  from: number;
  to: number;
  rows: number;
  readonly hash: Hash;
}

const MOST_READS = 200;
/** Entities whose reads are remembered; more than a training takes. */
const MOST_KNOWN = 20_000;

/**
 * What models are trained on, and a record of it: reads of frames are noted with a digest of their values, and when a
 * model is entered, what was read for its scope becomes its lineage, with the version of each step of preparation and of
 * the choice of features. Frames are those that were live, value for value.
 */
export class TrainingSets {
  readonly #deps: TrainingSetDeps;
  readonly #reads = new Map<string, Read>();
  /** Version of the choice that the last reads of a kind followed. */
  readonly #choices = new Map<string, string>();

  constructor(deps: TrainingSetDeps) {
    this.#deps = deps;
  }

  /** The frames as whoever trains reads them. */
  frames(): FrameStore {
    const { frames } = this.#deps.store;
    return {
      append: (all) => frames.append(all),
      appendRollups: (tier, all) => frames.appendRollups(tier, all),
      replay: (...query) => frames.replay(...query),
      rollups: (...query) => frames.rollups(...query),
      newest: () => frames.newest(),
      layout: async (entity) => this.#chosen(entity, await frames.layout(entity)),
      columns: async (query) => {
        const columns = await frames.columns(query);
        if (columns.times.length > 0) this.#note(query, columns.times.length, columns.mean);
        return columns;
      },
      many: async (query) => {
        const found = await frames.many(query);
        for (const [entity, { times, values }] of found) this.#note({ ...query, entity }, times.length, [values]);
        return found;
      },
    };
  }

  /** The registry as whoever trains writes to it. */
  models(models: ModelStore): ModelStore {
    return {
      get: (id) => models.get(id),
      list: (query) => models.list(query),
      artefact: (id) => models.artefact(id),
      upsert: async (model, artefact) => {
        await models.upsert(model, artefact);
        if (artefact !== null && artefact.length > 0) await this.#enter(model);
      },
    };
  }

  async #chosen(entity: EntityId, layout: FrameLayout | null): Promise<FrameLayout | null> {
    const { kind } = parseEntityId(entity);
    for (const [key, read] of this.#reads) if (read.entity === entity) this.#reads.delete(key);
    if (!this.#deps.enforce || layout === null) return layout;
    const choice = await this.#deps.store.choices.get(kind);
    if (choice === null) return layout;
    this.#choices.set(kind, choice.version);
    const refused = new Set(choice.verdicts.filter(({ chosen }) => !chosen).map(({ feature }) => feature));
    const features = layout.features.filter(({ name }) => !refused.has(name));
    return features.length === 0 ? layout : internLayout(features);
  }

  #note(
    query: { readonly entity: EntityId; readonly tier: Tier; readonly range: TimeRange },
    rows: number,
    values: readonly Float32Array[],
  ): void {
    const { entity, tier, range } = query;
    const key = `${tier} ${entity}`;
    let read = this.#reads.get(key);
    // Reads follow each other in time; whoever goes back begins anew.
    if (read === undefined || range.from < read.to) {
      read = { entity, tier, from: range.from, to: range.to, rows: 0, hash: createHash('sha256') };
      if (this.#reads.has(key) || this.#reads.size < MOST_KNOWN) this.#reads.set(key, read);
    }
    read.to = Math.max(read.to, range.to);
    read.rows += rows;
    for (const column of values) read.hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }

  async #enter(model: Model): Promise<void> {
    const { store, preparation, clock } = this.#deps;
    const ofScope = ({ entity }: Read): boolean => entity === model.scope || parseEntityId(entity).kind === model.scope;
    const reads = [...this.#reads].filter(([, read]) => ofScope(read));
    if (reads.length === 0) return;
    const digest = createHash('sha256');
    for (const [key, { hash }] of reads.sort(([a], [b]) => (a < b ? -1 : 1)))
      digest.update(key).update(hash.copy().digest());
    const lineage: Lineage = {
      model: model.id,
      time: clock.now(),
      scope: model.scope,
      preparation: preparation.version,
      steps: [...preparation.steps],
      choice: this.#choices.get(model.scope) ?? null,
      reads: reads
        .slice(0, MOST_READS)
        .map(([, { entity, tier, from, to, rows }]) => ({ entity, tier, from, to, rows })),
      entities: new Set(reads.map(([, { entity }]) => entity)).size,
      rows: reads.reduce((sum, [, { rows }]) => sum + rows, 0),
      digest: digest.digest('hex'),
    };
    await store.lineages.insert(lineage);
    for (const [key] of reads) this.#reads.delete(key);
  }
}
