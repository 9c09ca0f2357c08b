import type { Model } from '../model/failure.ts';
import type { TrainedModel } from '../model/trainer.ts';
import type { Clock } from '../runtime/clock.ts';
import { stableId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';

/** Models of a scope whose artefacts are kept, the one in force among them. */
const KEPT = 3;
const PAGE = 200;
const MOST_PAGES = 10;

/** A model that was trained, with what it was trained on. */
export interface Registration {
  readonly kind: string;
  readonly scope: string;
  readonly trained: TrainedModel;
  readonly trainedFrom: number;
  readonly trainedTo: number;
  /** Those of the scope so far, newest first. */
  readonly models: readonly Model[];
}

interface RegisterDeps {
  readonly store: Pick<Store, 'models'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Models of a kind by scope, newest first. */
export async function modelsByScope(
  store: Pick<Store, 'models'>,
  kind: string,
): Promise<ReadonlyMap<string, readonly Model[]>> {
  const byScope = new Map<string, Model[]>();
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found: { readonly items: readonly Model[]; readonly next: string | null } = await store.models.list({
      kind,
      limit: PAGE,
      cursor,
    });
    for (const model of found.items) byScope.set(model.scope, [...(byScope.get(model.scope) ?? []), model]);
    if (found.next === null) break;
    cursor = found.next;
  }
  return byScope;
}

/** Writes the model, retires the one before, and lets go of the bytes of old ones. */
export async function registerModel({ store, clock, log }: RegisterDeps, of: Registration): Promise<void> {
  const { kind, scope, trained, models, trainedFrom, trainedTo } = of;
  const now = clock.now();
  const served = trained.refused === null;
  await store.models.upsert(
    {
      id: stableId('model', kind, scope, now),
      kind,
      version: new Date(now).toISOString(),
      scope,
      state: served ? 'champion' : 'retired',
      trainedFrom,
      trainedTo,
      metrics: { ...trained.metrics },
      reason: trained.refused === null ? (models.length === 0 ? 'first' : 'schedule') : `refused: ${trained.refused}`,
      createdAt: now,
    },
    trained.bytes,
  );
  log.info({ scope, served, bytes: trained.bytes.length, ...trained.metrics }, 'learn: a model was trained');
  if (!served) return;
  for (const [place, model] of models.entries()) {
    const bytes = place >= KEPT - 1 ? new Uint8Array(0) : null;
    if (model.state === 'champion' || bytes !== null) await store.models.upsert({ ...model, state: 'retired' }, bytes);
  }
}
