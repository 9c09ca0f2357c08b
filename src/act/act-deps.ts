import type { Bus } from '../bus/bus.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { ActionMode, Run } from '../model/action.ts';
import type { EntityId } from '../model/entity.ts';
import type { Executor } from '../model/executor.ts';
import type { Phrase } from '../model/phrase.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import { type Ids, stableId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { Language } from '../text/language.ts';
import type { ActSettings } from './guardrails.ts';
import type { ActLimits } from './limits.ts';

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
  readonly limits?: ActLimits;
  /** What rules about this very target say of its mode; null when none does. */
  readonly ruledMode?: (subject: {
    readonly action: string;
    readonly entity: EntityId;
    readonly kind: string;
    readonly service: string | null;
  }) => ActionMode | null;
  /** Whether other processes may act on the same store; then only what was not heard of is taken for dead. */
  readonly shared?: boolean;
  /** In which messages to people are written; English when left out. */
  readonly language?: () => Language;
  /** Id of the action by which a person is called when nothing else is left to try. */
  readonly escalation?: string | null;
  /** Key that links to approvals are signed with; without it no link is worth anything. */
  readonly linkKey?: Uint8Array | null;
  /** Called after each change of a run, for the live stream. */
  readonly onRun?: (run: Run) => void;
  /** Chance with which Vigía leaves a predicted failure alone, to learn of it; 0 when left out. */
  readonly doNothingShare?: number;
  /** How often expiry, the kill switch and due outcomes are looked at, ms; default 1000. */
  readonly tickMs?: number;
}

/** What a stage has beside what it is given. */
export interface ActOwn extends ActDeps {
  /** Name of this process among those that act. */
  readonly holder: string;
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
  const why = Object.entries(run.error?.values ?? {}).map(([name, value]) => [`reason.${name}`, value] as const);
  deps.log.info({ run: id, action, entity, state, actor, reason }, verb);
  deps.metrics.counter('vigia_act_runs_total', 'Changes of runs.', ['verb', 'state']).inc({ verb, state });
  try {
    await deps.store.audit.append({
      id: deps.ids.next('audit'),
      time: deps.clock.now(),
      actor,
      verb,
      target: id,
      detail: { action, entity, incident, state, reason, ...Object.fromEntries(why) },
    });
  } catch (thrown) {
    deps.log.error({ run: id, verb, actor, err: toError(thrown).message }, 'the audit log could not be written');
  }
  deps.onRun?.(run);
}

/** Writes down once what is not the change of a run; whoever comes again with the same id changes nothing. */
export async function note(
  deps: ActDeps,
  entry: { readonly id: string; readonly verb: string; readonly target: string; readonly reason: Phrase },
): Promise<void> {
  const { id, verb, target, reason } = entry;
  deps.log.warn({ target, reason: reason.key, ...reason.values }, verb);
  const detail = { reason: reason.key, ...reason.values };
  await deps.store.audit.append({
    id: stableId('audit', id),
    time: deps.clock.now(),
    actor: VIGIA,
    verb,
    target,
    detail,
  });
}
