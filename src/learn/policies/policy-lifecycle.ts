import type { Model } from '../../model/failure.ts';
import { type Policy, POLICY_MODEL, POLICY_SCOPE, type PolicyFactory, policyKindOf } from '../../model/policy.ts';
import type { Clock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Store } from '../../store/store.ts';

export interface PolicyLifecycleDeps {
  readonly store: Pick<Store, 'models' | 'audit'>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The first one needs no model. */
  readonly factories: readonly PolicyFactory[];
}

/** Who does what Vigía does by itself. */
const ITSELF = 'vigia';
const PAGE = 200;
/** Versions whose artefacts are kept beside the one in force. */
const KEPT_ARTEFACTS = 6;
const GONE = new Uint8Array(0);

/** Marks a version that was in force once, in its reason: only those can be gone back to. */
const SERVED = 'served';

/** Reading, and the one way to change a state. */
function createBasics({ store, clock, ids, factories }: PolicyLifecycleDeps) {
  /** Newest first. */
  const all = async (): Promise<readonly Model[]> =>
    (await store.models.list({ kind: POLICY_MODEL, scope: POLICY_SCOPE, limit: PAGE, cursor: null })).items;

  async function move(model: Model, state: Model['state'], { by, why }: { readonly by: string; readonly why: string }) {
    if (model.state === state) return;
    const words = new Set(model.reason.split(' '));
    const reason = state === 'champion' ? [...words.add(SERVED)].join(' ') : model.reason;
    await store.models.upsert({ ...model, state, reason }, null);
    await store.audit.append({
      id: ids.next('audit'),
      time: clock.now(),
      actor: by,
      verb: `policy_${state}`,
      target: model.id,
      detail: { version: model.version, from: model.state, why },
    });
  }

  async function load(model: Model): Promise<Policy | null> {
    const bytes = await store.models.artefact(model.id);
    const factory = factories.find(({ kind }) => kind === policyKindOf(model));
    return bytes === null || bytes.length === 0 || factory === undefined ? null : factory.load(bytes);
  }

  return { all, move, load };
}

/** The policy that decides; where none of the registry can, the one that needs no model. */
async function findInForce({ all, load }: Basics, factories: readonly PolicyFactory[]) {
  const model = (await all()).find(({ state }) => state === 'champion');
  const policy = model === undefined ? null : await load(model);
  if (model !== undefined && policy !== null) return { kind: policyKindOf(model), policy, model };
  const [first] = factories;
  if (first === undefined) throw new Error('there is no policy that needs no model');
  return { kind: first.kind, policy: first.load(GONE), model: null };
}

type Basics = ReturnType<typeof createBasics>;

/** The states of policies and every change of them, each written to the audit log. */
export function createPolicyLifecycle(deps: PolicyLifecycleDeps) {
  const { store, factories } = deps;
  const basics = createBasics(deps);
  const { all, move, load } = basics;
  return {
    all,
    inForce: () => findInForce(basics, factories),
    promote: async (id: string, by: string, why: string): Promise<void> => {
      const model = await store.models.get(id);
      if (model === null || model.kind !== POLICY_MODEL) throw new VigiaError('NOT_FOUND', { what: 'policy', id });
      if ((await load(model)) === null) throw new VigiaError('MODEL_STATE', { detail: 'model_artefact_gone' });
      for (const other of await all())
        if (other.state === 'champion' && other.id !== id)
          await move(other, 'retired', { by, why: `replaced by ${model.version}` });
      await move(model, 'champion', { by, why });
    },
    enter: (model: Model, bytes: Uint8Array) => enter(store, basics, { model, bytes }),
    rollback: (by: string) => rollback(basics, by),
  };
}

export type PolicyLifecycle = ReturnType<typeof createPolicyLifecycle>;

/** A new version; of one kind only the newest challenger stays one, and old artefacts are let go. */
async function enter(
  store: PolicyLifecycleDeps['store'],
  { all, move }: Basics,
  { model, bytes }: { readonly model: Model; readonly bytes: Uint8Array },
): Promise<void> {
  const others = await all();
  await store.models.upsert(model, bytes);
  for (const old of others)
    if (old.state === 'challenger' && policyKindOf(old) === policyKindOf(model))
      await move(old, 'retired', { by: ITSELF, why: 'a newer challenger came' });
  const rest = others.filter(({ state }) => state !== 'champion');
  for (const old of rest.slice(KEPT_ARTEFACTS)) await store.models.upsert({ ...old, state: 'retired' }, GONE);
}

/** The newest one that served before it and can still be read serves again; without one, counts do. */
async function rollback({ all, move, load }: Basics, by: string): Promise<void> {
  const models = await all();
  const champion = models.find(({ state }) => state === 'champion');
  if (champion === undefined) throw new VigiaError('MODEL_STATE', { detail: 'policy_none_in_force' });
  await move(champion, 'retired', { by, why: 'rolled back' });
  const served = ({ id, reason, createdAt }: Model): boolean =>
    id !== champion.id && createdAt <= champion.createdAt && reason.split(' ').includes(SERVED);
  for (const one of models.filter(served)) {
    if ((await load(one)) === null) continue;
    await move(one, 'champion', { by, why: `after ${champion.version}` });
    return;
  }
}
