import { FAILURE_MODEL, type FailureModelDetail } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { Clock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Store } from '../../store/store.ts';

export interface LifecycleDeps {
  readonly store: Pick<Store, 'models' | 'audit'>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Called when other models serve than before. */
  readonly onChange: () => void;
}

/** Who does what Vigía does by itself. */
export const ITSELF = 'vigia';
/** Challengers of a scope that are watched at once; an older one makes way. */
const MOST_CHALLENGERS = 4;
/** Models of a scope whose artefacts are kept. */
const KEPT = 5;
const PAGE = 200;

/** Reading, and the one way to change a state. */
function createBasics({ store, clock, ids, onChange }: LifecycleDeps) {
  /** Those of a scope, newest first. */
  const of = async (scope: string): Promise<readonly Model[]> =>
    (await store.models.list({ limit: PAGE, cursor: null, kind: FAILURE_MODEL, scope })).items;

  async function move(
    model: Model,
    to: Model['state'],
    { by, why }: { readonly by: string; readonly why: string },
  ): Promise<void> {
    if (model.state === to) return;
    await store.models.upsert({ ...model, state: to, reason: why }, null);
    await store.audit.append({
      id: ids.next('audit'),
      time: clock.now(),
      actor: by,
      verb: `model_${to}`,
      target: model.id,
      detail: { scope: model.scope, version: model.version, from: model.state, why },
    });
    onChange();
  }

  async function find(id: string): Promise<Model> {
    const model = await store.models.get(id);
    if (model === null || model.kind !== FAILURE_MODEL) throw new VigiaError('NOT_FOUND', { what: 'model', id });
    return model;
  }

  /** Changes what is known of a model, not its state, whatever that has become meanwhile. */
  async function amend(id: string, detail: FailureModelDetail, why: string): Promise<void> {
    const model = await find(id);
    await store.models.upsert({ ...model, detail }, null);
    await store.audit.append({
      id: ids.next('audit'),
      time: clock.now(),
      actor: ITSELF,
      verb: 'model_amend',
      target: model.id,
      detail: { scope: model.scope, version: model.version, why },
    });
    onChange();
  }

  return { of, move, amend, find };
}

type Basics = ReturnType<typeof createBasics>;

/** Models that came into force before that was written down go back to the one beside which they were trained. */
const idBefore = ({ detail }: Model): string | null =>
  detail?.before === undefined ? (detail?.parent ?? null) : detail.before;

/** The model, coming after another in force. */
const after = (model: Model, before: string | null): Model =>
  model.detail ? { ...model, detail: { ...model.detail, before } } : model;

/** Models of its scope: whoever would go back to it goes back to the one below, so that the line never runs in a circle. */
async function without(
  { of }: Basics,
  { id, scope, detail }: Model,
  { models }: LifecycleDeps['store'],
): Promise<readonly Model[]> {
  const all: Model[] = [];
  for (const one of await of(scope)) {
    const changed = one.detail?.before === id ? after(one, detail?.before ?? null) : one;
    if (changed !== one) await models.upsert(changed, null);
    all.push(changed);
  }
  return all;
}

/** The newest of those in force before a model that can still serve. */
async function before(
  model: Model,
  models: readonly Model[],
  serviceable: (model: Model) => Promise<boolean>,
): Promise<Model | null> {
  const passed = new Set<string>();
  for (let id = idBefore(model); id !== null && !passed.has(id);) {
    const found = models.find((one) => one.id === id);
    if (found === undefined) return null;
    if (await serviceable(found)) return found;
    passed.add(id);
    id = idBefore(found);
  }
  return null;
}

/** The states of failure models and every change of them, each written to the audit log. */
export function createLifecycle(deps: LifecycleDeps) {
  const { store } = deps;
  const basics = createBasics(deps);
  const { of, move, amend, find } = basics;

  async function serviceable(model: Model): Promise<boolean> {
    return ((await store.models.artefact(model.id))?.length ?? 0) > 0;
  }

  async function promote(id: string, by: string, why = 'promoted'): Promise<void> {
    const model = await find(id);
    if (model.state === 'champion') return;
    if (!(await serviceable(model))) throw new VigiaError('MODEL_STATE', { detail: 'model_artefact_gone' });
    const champion = (await without(basics, model, store)).find(({ state }) => state === 'champion');
    if (champion !== undefined) await move(champion, 'retired', { by, why: `replaced by ${model.version}` });
    await move(after(model, champion?.id ?? null), 'champion', { by, why });
  }

  /** Takes the champion out of force; the one before it serves again, or none. */
  async function rollback(scope: string, by: string, why = 'rolled back'): Promise<void> {
    const models = await of(scope);
    const champion = models.find(({ state }) => state === 'champion');
    if (champion === undefined) throw new VigiaError('MODEL_STATE', { detail: 'model_none_in_force' });
    const next = await before(champion, models, serviceable);
    await move(after(champion, null), 'retired', { by, why });
    if (next !== null) await move(next, 'champion', { by, why: `after ${champion.version}` });
  }

  return {
    of,
    find,
    amend,
    promote,
    rollback,
    enter: (model: Model, bytes: Uint8Array) => enter(store, basics, { model, bytes }),
    retire: (model: Model, why: string) => move(model, 'retired', { by: ITSELF, why }),
  };
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

/** A new model enters as a challenger; old ones make way, and artefacts nobody can go back to are let go. */
async function enter(
  store: LifecycleDeps['store'],
  { of, move }: Basics,
  { model, bytes }: { readonly model: Model; readonly bytes: Uint8Array },
): Promise<void> {
  const others = await of(model.scope);
  // Whom it came after elsewhere is of no use here.
  const entering: Model = { ...after(model, null), state: 'retired' };
  await store.models.upsert(entering, bytes);
  await move(entering, 'challenger', { by: ITSELF, why: model.reason });
  const challengers = others.filter(({ state }) => state === 'challenger');
  for (const old of challengers.slice(MOST_CHALLENGERS - 1))
    await move(old, 'retired', { by: ITSELF, why: 'a newer challenger came' });
  const champion = others.find(({ state }) => state === 'champion');
  const needed = new Set([champion?.id, champion && idBefore(champion)]);
  for (const old of others.filter(({ state }) => state === 'retired').slice(KEPT))
    if (!needed.has(old.id)) await store.models.upsert(old, new Uint8Array(0));
}
