import type { ActionDefinition } from '../model/action-definition.ts';
import type { Config } from './schema.ts';
import { settingsFor } from './settings-for.ts';

/**
 * The catalogue as the stages use it: what an action does not set comes from the overrides that name it, then from
 * `act`. References to secrets stay in the arguments; the executor has them resolved when it runs.
 */
export const actionDefinitions = (config: Config): readonly ActionDefinition[] =>
  config.actions.map((entry) => {
    const { act } = settingsFor(config, { action: entry.id });
    return {
      id: entry.id,
      title: entry.title,
      match: entry.match,
      executor: entry.executor,
      args: entry.args,
      mode: entry.mode ?? act.mode,
      disruption: entry.disruption,
      settleMs: entry.settle ?? act.settle,
      cooldownMs: entry.cooldown ?? act.cooldown,
      timeoutMs: entry.timeout,
      approvalMs: entry.approvalExpiry ?? act.approvalExpiry,
      prior: entry.prior,
    };
  });
