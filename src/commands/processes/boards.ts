import type { Learning } from '../../api/contract/views.ts';
import type { DetectStage } from '../../detect/detect-stage.ts';
import type { FailureTraining } from '../../learn/predictors/failure-training.ts';
import type { Json } from '../../model/detector.ts';
import type { EntityId } from '../../model/entity.ts';
import type { FailureModelPort, LearningState } from '../../model/failure-model.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createLoop } from '../../runtime/loop.ts';
import type { Checkpoint, Store } from '../../store/store.ts';

/** What a process knows that the interface in another shows; kept with the checkpoints. */
export interface BoardDeps {
  readonly store: Pick<Store, 'checkpoints'>;
  readonly clock: Clock;
  readonly log: Log;
}

const EVERY_MS = 10_000;
const LEARNING = 'learning';
const TRAINING = 'failure training';

/** Says how far the entities of this process have been learnt, each when that has changed. */
export function tellLearning({ store, clock, log }: BoardDeps, detect: DetectStage): Service {
  const told = new Map<EntityId, string>();
  const tell = async (): Promise<void> => {
    const now = clock.now();
    const news: Checkpoint[] = [];
    const here = new Set<EntityId>();
    for (const [entity, state] of detect.everybody()) {
      here.add(entity);
      const said = JSON.stringify(state.ready ? true : state);
      if (told.get(entity) === said) continue;
      told.set(entity, said);
      news.push({ stage: LEARNING, key: entity, position: now, state: state as unknown as Json });
    }
    for (const entity of told.keys()) if (!here.has(entity)) told.delete(entity);
    try {
      await store.checkpoints.save(news);
    } catch (thrown) {
      told.clear();
      throw thrown;
    }
  };
  const failed = ({ message }: Error): void =>
    log.warn({ error: message }, 'how far entities are learnt is told later');
  return createLoop({ name: 'learning told', everyMs: EVERY_MS, work: tell, clock, failed });
}

/** How far entities have been learnt, by the processes that do. */
export function readLearning(deps: BoardDeps): Service & { readonly of: (entity: EntityId) => Learning | null } {
  const { store, clock, log } = deps;
  let known = new Map<EntityId, Learning>();
  const read = async (): Promise<void> => {
    const found = new Map<EntityId, Learning>();
    for await (const { key, state } of store.checkpoints.loadAll(LEARNING))
      found.set(key, state as unknown as Learning);
    known = found;
  };
  const failed = ({ message }: Error): void =>
    log.warn({ error: message }, 'how far entities are learnt is read later');
  return {
    ...createLoop({ name: 'learning read', everyMs: EVERY_MS, work: read, clock, failed }),
    of: (entity) => known.get(entity) ?? null,
  };
}

/** Says how the training of failure models goes, while it is this process's. */
export function tellTraining({ store, clock, log }: BoardDeps, training: FailureTraining): Service {
  let told = '[]';
  const tell = async (): Promise<void> => {
    const said = JSON.stringify(training.states);
    if (said === told) return;
    const state = training.states as unknown as Json;
    await store.checkpoints.save([{ stage: TRAINING, key: 'all', position: clock.now(), state }]);
    told = said;
  };
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'how training goes is told later');
  return createLoop({ name: 'training told', everyMs: EVERY_MS / 5, work: tell, clock, failed });
}

/** Failure models for people, where another process trains them. */
export const remoteModels = (
  models: FailureModelPort,
  { store }: BoardDeps,
  train: (scope: string) => Promise<void>,
): FailureModelPort => ({
  ...models,
  train,
  learning: async () =>
    ((await store.checkpoints.load(TRAINING, 'all'))?.state ?? []) as unknown as readonly LearningState[],
});
