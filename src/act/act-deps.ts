import type { Bus } from '../bus/bus.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Run } from '../model/action.ts';
import type { Executor } from '../model/executor.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { ActSettings } from './guardrails.ts';

export interface ActDeps {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly actions: readonly ActionDefinition[];
  readonly executors: readonly Executor[];
  /** Settings in force; read from memory, so that the kill switch works without a database. */
  readonly settings: () => ActSettings;
  readonly stepMs: number;
  /** Called after each change of a run, for the live stream. */
  readonly onRun?: (run: Run) => void;
  /** How often expiry, the kill switch and due outcomes are looked at, ms; default 1000. */
  readonly tickMs?: number;
}

/** Who acts when no person does. */
export const VIGIA = 'vigia';

/**
 * Writes down who did what to a run. The run itself is stored by then and tells the same, so that a store that fails
 * here must not undo what was decided: it is logged instead.
 */
export async function audit(deps: ActDeps, verb: string, run: Run, actor: string): Promise<void> {
  const { id, action, entity, incident, state } = run;
  const reason = run.error?.key ?? null;
  deps.log.info({ run: id, action, entity, state, actor, reason }, verb);
  deps.metrics.counter('vigia_act_runs_total', 'Changes of runs.', ['verb', 'state']).inc({ verb, state });
  try {
    await deps.store.audit.append({
      id: deps.ids.next('audit'),
      time: deps.clock.now(),
      actor,
      verb,
      target: id,
      detail: { action, entity, incident, state, reason },
    });
  } catch (thrown) {
    deps.log.error({ run: id, verb, actor, err: toError(thrown).message }, 'the audit log could not be written');
  }
  deps.onRun?.(run);
}
