import type { Duties } from '../model/duty.ts';
import type { FencedStores } from './store.ts';

/**
 * What a duty brings is written only while this process still has it: a model that took an hour to train is not entered
 * by a process that was taken for dead meanwhile. Reading is as ever.
 */
export function fencedModels<S extends Pick<FencedStores, 'models' | 'audit'>>(
  store: S,
  duties: Duties<FencedStores>,
  duty: string,
): S {
  return {
    ...store,
    models: {
      ...store.models,
      upsert: (model, artefact) => duties.fenced(duty, ({ models }) => models.upsert(model, artefact)),
    },
    audit: { ...store.audit, append: (entry) => duties.fenced(duty, ({ audit }) => audit.append(entry)) },
  } satisfies S;
}
