import type { ActionDefinition, Precondition } from '../model/action-definition.ts';
import type { ActionMode } from '../model/action.ts';
import type { Config } from './schema.ts';
import { settingsFor, type SettingSubject } from './settings-for.ts';

const conditionOf = ({ feature, above, below }: Config['actions'][number]['preconditions'][number]): Precondition => ({
  feature,
  ...(above !== undefined && { above }),
  ...(below !== undefined && { below }),
});

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
      ...(entry.upTo !== undefined && { upTo: entry.upTo }),
      disruption: entry.disruption,
      risk: entry.risk,
      leastSure: entry.leastSure ?? act.leastSure,
      settleMs: entry.settle ?? act.settle,
      cooldownMs: entry.cooldown ?? act.cooldown,
      timeoutMs: entry.timeout,
      approvalMs: entry.approvalExpiry ?? act.approvalExpiry,
      prior: entry.prior,
      approver: entry.approver,
      preconditions: entry.preconditions.map(conditionOf),
      evidence: entry.evidence.map(conditionOf),
      opposes: entry.opposes,
      ...(entry.rollback !== undefined && { rollback: entry.rollback }),
    };
  });

/** What overrides that name the target (its id, kind or service) say of the mode; null when none does. */
export function ruledMode(config: Config, subject: SettingSubject): ActionMode | null {
  const named = config.overrides.filter(
    ({ match: { entity, kind, service } }) => (entity ?? kind ?? service) !== undefined,
  );
  const ruling = named.filter(({ set }) => set.act?.mode !== undefined);
  // An empty mode shows whether any of them matches.
  const base = { ...config, overrides: ruling, act: { ...config.act, mode: null as unknown as ActionMode } };
  return settingsFor(base, subject).act.mode;
}

/** What commands may be and do: without a list, only programs that the catalogue writes out, so that no label chooses one. */
export function commandBounds({ act, actions }: Config) {
  const { programs, user, memory, cpu } = act.command;
  const written = actions.flatMap(({ executor, args }) => (executor === 'command' ? programOf(args) : []));
  return {
    programs: programs ?? written.filter((program) => !/[{}*?]/.test(program)),
    user: user ?? null,
    memoryBytes: memory ?? null,
    cpuMs: cpu ?? null,
  };
}

const programOf = ({ argv }: Readonly<Record<string, unknown>>): readonly string[] =>
  Array.isArray(argv) && typeof argv[0] === 'string' ? [argv[0]] : [];

/** Bounds of what Vigía does by itself. */
export const actLimits = ({ act }: Config) => ({
  actionCooldownMs: act.actionCooldown,
  fleetCooldownMs: act.fleetCooldown,
  blastRadius: act.blastRadius,
  disruptionPerDay: act.disruptionPerDay,
  failuresInRow: act.failuresInRow,
  goneAfterMs: act.goneAfter,
  steadyMs: act.steady,
});
