import type { ActionDefinition } from '../../model/action-definition.ts';
import type { Resource } from '../api-app.ts';
import { type ActionView, ActionView as ActionViewSchema, PageOf } from '../contract/views.ts';

type Tally = Readonly<Record<string, number>>;

const viewOf = (action: ActionDefinition, mode: ActionDefinition['mode'], tally: Tally): ActionView => ({
  id: action.id,
  title: { ...action.title },
  executor: action.executor,
  mode,
  disruption: action.disruption,
  entityKinds: [...action.match.entityKinds],
  anomalyKinds: [...action.match.anomalyKinds],
  features: [...action.match.features],
  settleSeconds: Math.round(action.settleMs / 1000),
  cooldownSeconds: Math.round(action.cooldownMs / 1000),
  tally: { ...tally },
});

export const actions: Resource = (app, deps) => {
  app.get(
    '/actions',
    {
      schema: { summary: 'The catalogue, with what came of each action', response: { 200: PageOf(ActionViewSchema) } },
    },
    async () => {
      const { modes } = deps.settings.current();
      const tallies = new Map<string, Record<string, number>>();
      for (const { action, verdict, count } of await deps.store.outcomes.tally()) {
        const tally = tallies.get(action) ?? {};
        tally[verdict] = (tally[verdict] ?? 0) + count;
        tallies.set(action, tally);
      }
      const items = deps
        .catalogue()
        .map((action) => viewOf(action, modes[action.id] ?? action.mode, tallies.get(action.id) ?? {}));
      return { items, next: null };
    },
  );
};
