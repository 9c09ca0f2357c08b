import { VERDICTS } from '../../model/action.ts';
import { FLEET_POT } from '../../model/alert.ts';
import type { Service } from '../../model/service.ts';
import { createLoop } from '../../runtime/loop.ts';
import { version } from '../version.ts';
import type { Parts } from './open-parts.ts';

const EVERY_MS = 15_000;
/** Models are few: a kind of entity has one in force, and at most some challengers. */
const MAX_MODELS = 1000;

/** Figures about Vigía that no stage comes across by itself: what it is, the budget, and how old its models are. */
export function createOwnFigures(parts: Parts): Service {
  const { clock, config, log, metrics, settings, stages, store } = parts;
  metrics.gauge('vigia_build_info', 'What runs here; always 1.', ['version']).set({ version: version() }, 1);
  const line = ['line'] as const;
  const used = metrics.gauge('vigia_alert_budget_used', 'Alerts within the window of the budget.', line);
  const limit = metrics.gauge('vigia_alert_budget_limit', 'Alerts that the budget allows within its window.', line);
  const age = metrics.gauge('vigia_learn_model_age_seconds', 'Age of the models in force.', ['kind', 'scope']);

  const outcomes = metrics.counter('vigia_act_outcomes_total', 'Outcomes of runs.', ['verdict']);
  // From zero on, so that the first one is seen as an increase.
  if (stages.has('act')) for (const verdict of VERDICTS) outcomes.inc({ verdict }, 0);

  const budget = async (): Promise<void> => {
    const counts = settings.current().alertBudget;
    for (const name of ['pages', 'warnings'] as const) {
      const since = clock.now() - config.alertBudget[name].windowMs;
      used.set({ line: name }, await store.alerts.used({ pot: FLEET_POT, line: name, since }));
      limit.set({ line: name }, counts[name]);
    }
  };
  const models = async (): Promise<void> => {
    const { items } = await store.models.list({ limit: MAX_MODELS, cursor: null });
    age.reset();
    for (const { kind, scope, state, createdAt } of items) {
      if (state === 'champion') age.set({ kind, scope }, Math.max(0, clock.now() - createdAt) / 1000);
    }
  };
  return createLoop({
    name: 'own figures',
    everyMs: EVERY_MS,
    clock,
    // One process of the fleet is enough to tell of what all share.
    work: async () => {
      if (stages.has('correlate')) await budget();
      if (stages.has('learn')) await models();
    },
    failed: (error) => log.warn({ err: error.message }, 'own figures could not be read'),
  });
}
