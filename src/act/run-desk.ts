import type { Recommendation, Run } from '../model/action.ts';
import type { Incident } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Page } from '../store/store.ts';
import { type ActDeps, audit, VIGIA } from './act-deps.ts';
import { type Case, examine } from './facts.ts';
import { modeOf } from './guardrails.ts';
import type { Runner } from './runner.ts';

export interface ActRequest {
  readonly action: string;
  readonly entity: string;
  readonly incident: string | null;
  /** True says what would be done and changes nothing; allowed in every mode. */
  readonly dryRun: boolean;
  readonly by: string;
}

const PAGE = 100;
const MAX_PAGES = 10;
/** Objections that pass by themselves; for others a new recommendation is waited for. */
const PASSING: ReadonlySet<string> = new Set(['act.no_cooldown', 'act.no_alone', 'act.no_kill_switch']);
/** Recommendations held until what stood in their way has passed; incidents beyond that are left to people. */
const MAX_HELD = 1000;
/** Between two looks at what is held: cooldowns are minutes long. */
const HELD_EVERY_MS = 5000;

/** What is common to every new run of a case. */
function draft(found: Case, over: Pick<Run, 'id' | 'requestedBy' | 'requestedAt' | 'state'> & Partial<Run>): Run {
  return {
    incident: found.incident?.id ?? null,
    recommendation: null,
    fleet: found.entity.fleet,
    action: found.action.id,
    entity: found.entity.id,
    dryRun: false,
    plan: [...found.plan],
    decision: [...found.decision.said],
    expiresAt: null,
    decidedBy: null,
    decidedAt: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    output: '',
    error: found.decision.blocked,
    ...over,
  };
}

/**
 * Where runs are asked for, decided and started: the one door to acting. Decisions are taken one after the other, and
 * every change of a stored run names the state it starts from, so that of two who press at once one wins.
 *
 * A person's wish is always two steps, whatever the mode: `request` makes a run that waits for approval, `approve`
 * starts it; guardrails are asked both times. In mode `approve` Vigía takes the first step itself, in `auto` both.
 */
export class RunDesk {
  readonly #deps: ActDeps;
  readonly #runner: Runner;
  readonly #turns = createTurns();
  /** By incident. */
  readonly #held = new Map<string, Recommendation>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: ActDeps, runner: Runner) {
    this.#deps = deps;
    this.#runner = runner;
  }

  /**
   * A dry run; or a run that waits for approval; or, when a guardrail objects, one that is `rejected` with the reason
   * in `error`. Asking again while the same waits gives the one that waits.
   */
  request(request: ActRequest): Promise<Run> {
    return this.#turns(async () => {
      const found = await examine(this.#deps, { ...request, automatic: false });
      const waiting = request.dryRun ? null : await this.#waiting(found);
      return waiting ?? this.#insert(this.#requested(found, request), request.by);
    });
  }

  /** Starts a run that waits; or rejects it with the reason when a guardrail objects now. Throws `RUN_STATE`. */
  approve(id: string, by: string): Promise<Run> {
    return this.#turns(async () => {
      const run = await this.#load(id, 'approve');
      const { action, entity, incident } = run;
      const found = await examine(this.#deps, { action, entity, incident, automatic: false });
      const objection = found.decision.blocked ?? changed(run, found);
      const now = this.#deps.clock.now();
      const decided: Run = { ...run, decision: [...found.decision.said], decidedAt: now, decidedBy: by };
      if (objection !== null) {
        return this.#change({ ...decided, state: 'rejected', decidedBy: VIGIA, error: objection }, 'run.refuse', by);
      }
      const started = await this.#change({ ...decided, state: 'running', startedAt: now }, 'run.approve', by);
      this.#start(found, started);
      return started;
    });
  }

  /** Throws `RUN_STATE` when it does not wait any more. */
  reject(id: string, by: string, note: string): Promise<Run> {
    return this.#turns(async () => {
      const run = await this.#load(id, 'reject');
      const error = note === '' ? phrase('act.rejected', { by }) : phrase('act.rejected_note', { by, note });
      const decided: Run = { ...run, state: 'rejected', decidedBy: by, decidedAt: this.#deps.clock.now(), error };
      return this.#change(decided, 'run.reject', by);
    });
  }

  /** Why a person could not carry out this action now; null when they could. For recommendations. */
  async blocked(action: string, entity: string, incident: string | null): Promise<Phrase | null> {
    return (await examine(this.#deps, { action, entity, incident, automatic: false })).decision.blocked;
  }

  /**
   * Does for a recommendation what the modes allow Vigía by itself: asks for approval, or acts. At most one run of an
   * incident is under way, and by itself an action is tried once on an incident, or once again each time it is opened anew.
   */
  propose(recommendation: Recommendation): Promise<void> {
    return this.#turns(async () => {
      const incident = await this.#deps.store.incidents.get(recommendation.incident);
      this.#held.delete(recommendation.incident);
      if (incident === null || incident.state !== 'open' || (await this.#underWay(incident))) return;
      for (const { action, entity } of recommendation.actions) {
        if (!this.#mayPropose(action)) continue;
        const found = await examine(this.#deps, { action, entity, incident: incident.id, automatic: true });
        const { blocked } = found.decision;
        if (blocked === null && (await this.#proposed(found, incident, recommendation))) return;
        if (blocked !== null && PASSING.has(blocked.key)) this.#hold(recommendation);
      }
    });
  }

  /** What stands recommended for open incidents is looked at again after a restart; what was done is not done twice. */
  async restore(): Promise<void> {
    const { incidents, recommendations } = this.#deps.store;
    for (const { id } of await incidents.open(MAX_HELD)) {
      const newest = await recommendations.forIncident(id);
      if (newest !== null) this.#hold(newest);
    }
  }

  /** Looks again at what was held back by something that passes. */
  async retryHeld(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    if (now - this.#lookedAt < HELD_EVERY_MS) return;
    this.#lookedAt = now;
    // A copy: what is still held back is put in again, which would be visited for ever.
    const held = [...this.#held.values()];
    for (const recommendation of held) {
      try {
        await this.propose(recommendation);
      } catch (thrown) {
        if (thrown instanceof VigiaError && thrown.retryable) this.#hold(recommendation);
        const { incident } = recommendation;
        this.#deps.log.warn({ incident, err: toError(thrown).message }, 'what was held back could not be looked at');
      }
    }
  }

  #hold(recommendation: Recommendation): void {
    if (this.#held.size < MAX_HELD) this.#held.set(recommendation.incident, recommendation);
  }

  /** Ends what has waited too long. */
  async expire(): Promise<void> {
    const now = this.#deps.clock.now();
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const waiting: Page<Run> = await this.#deps.store.runs.list({ state: 'awaiting_approval', limit: PAGE, cursor });
      for (const run of waiting.items) if (run.expiresAt !== null && run.expiresAt <= now) await this.#expire(run, now);
      cursor = waiting.next;
      if (cursor === null) return;
    }
  }

  async #expire(run: Run, now: number): Promise<void> {
    const expired: Run = { ...run, state: 'expired', decidedAt: now, error: phrase('act.expired') };
    if (await this.#deps.store.runs.transition(expired, ['awaiting_approval'])) {
      await audit(this.#deps, 'run.expire', expired, VIGIA);
    }
  }

  #requested(found: Case, { dryRun, by }: ActRequest): Run {
    const now = this.#deps.clock.now();
    const asked = { id: this.#deps.ids.next('run'), requestedBy: by, requestedAt: now };
    if (dryRun) return draft(found, { ...asked, dryRun, state: 'dry_run', endedAt: now });
    if (found.decision.blocked !== null) {
      return draft(found, { ...asked, state: 'rejected', decidedBy: VIGIA, decidedAt: now });
    }
    return draft(found, { ...asked, state: 'awaiting_approval', expiresAt: now + found.action.approvalMs });
  }

  #mayPropose(id: string): boolean {
    const action = this.#deps.actions.find((candidate) => candidate.id === id);
    const mode = action && modeOf(action, this.#deps.settings());
    return mode === 'approve' || mode === 'auto';
  }

  /** The run's name is what it stands for, so a second try, here or in another process, finds it there already. */
  async #proposed(found: Case, incident: Incident, { id: recommendation }: Recommendation): Promise<boolean> {
    const now = this.#deps.clock.now();
    const id = stableId('run', incident.id, incident.reopened, found.action.id, found.entity.id);
    const base = { id, requestedBy: VIGIA, requestedAt: now, recommendation };
    if (modeOf(found.action, this.#deps.settings()) === 'approve') {
      const run = draft(found, { ...base, state: 'awaiting_approval', expiresAt: now + found.action.approvalMs });
      if (!(await this.#deps.store.runs.insert(run))) return false;
      await audit(this.#deps, 'run.request', run, VIGIA);
      return true;
    }
    const run = draft(found, { ...base, state: 'running', decidedBy: VIGIA, decidedAt: now, startedAt: now });
    if (!(await this.#deps.store.runs.insert(run))) return false;
    await audit(this.#deps, 'run.start', run, VIGIA);
    this.#start(found, run);
    return true;
  }

  /** Whether a run of this incident waits, runs, or has not been judged yet. */
  async #underWay(incident: Incident): Promise<boolean> {
    const { items } = await this.#deps.store.runs.list({ incident: incident.id, limit: PAGE, cursor: null });
    for (const { id, state } of items) {
      if (state === 'awaiting_approval' || state === 'running') return true;
      const ended = state === 'succeeded' || state === 'failed';
      if (ended && (await this.#deps.store.outcomes.forRun(id)) === null) return true;
    }
    return false;
  }

  async #waiting({ action, entity, incident }: Case): Promise<Run | null> {
    const query = { state: 'awaiting_approval', entity: entity.id, limit: PAGE, cursor: null } as const;
    const { items } = await this.#deps.store.runs.list(query);
    const now = this.#deps.clock.now();
    const same = (run: Run): boolean => run.action === action.id && run.incident === (incident?.id ?? null);
    return items.find((run) => same(run) && (run.expiresAt ?? now + 1) > now) ?? null;
  }

  async #load(id: string, verb: string): Promise<Run> {
    const run = await this.#deps.store.runs.get(id);
    if (run === null) throw new VigiaError('NOT_FOUND', { what: 'run', id });
    const now = this.#deps.clock.now();
    const late = run.state === 'awaiting_approval' && run.expiresAt !== null && run.expiresAt <= now;
    if (late) await this.#expire(run, now);
    if (late || run.state !== 'awaiting_approval') {
      throw new VigiaError('RUN_STATE', { state: late ? 'expired' : run.state, verb });
    }
    return run;
  }

  async #insert(run: Run, by: string): Promise<Run> {
    await this.#deps.store.runs.insert(run);
    await audit(this.#deps, run.dryRun ? 'run.dry_run' : 'run.request', run, by);
    return run;
  }

  async #change(run: Run, verb: string, by: string): Promise<Run> {
    if (!(await this.#deps.store.runs.transition(run, ['awaiting_approval']))) {
      const current = await this.#deps.store.runs.get(run.id);
      throw new VigiaError('RUN_STATE', { state: current?.state ?? 'unknown', verb: verb.slice('run.'.length) });
    }
    await audit(this.#deps, verb, run, by);
    return run;
  }

  #start({ executor, args, action }: Case, run: Run): void {
    // The guardrails `executor` and `args` have passed, or there would be no run to start.
    if (executor !== null && args !== null) this.#runner.launch({ run, executor, args, timeoutMs: action.timeoutMs });
  }
}

/** What is done is what was approved: when labels or the catalogue have changed meanwhile, it is asked again. */
const changed = (run: Run, found: Case): Phrase | null =>
  run.plan.join('\n') === found.plan.join('\n') ? null : phrase('act.no_changed');
