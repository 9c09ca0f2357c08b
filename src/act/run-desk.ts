import type { ApproverRole } from '../model/action-definition.ts';
import type { Outcome, Recommendation, Run } from '../model/action.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { VigiaError } from '../runtime/errors.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Page } from '../store/store.ts';
import { type ActOwn, audit, VIGIA } from './act-deps.ts';
import { Aftermath } from './aftermath.ts';
import { type Case, examine } from './facts.ts';
import { Held } from './held.ts';
import { Proposals } from './proposals.ts';
import type { Runner } from './runner.ts';
import { changed, over, unmet } from './still-wanted.ts';
import { draft, startRun } from './starter.ts';

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
/** An approval asked for this far ahead of the clock was asked before the clock was set back: how old it is nobody knows. */
const CLOCK_SLACK_MS = 60_000;
/**
 * Where runs are asked for, decided and started: the one door to acting. Decisions are taken one after the other, and
 * every change of a stored run names the state it starts from, so that of two who press at once one wins.
 *
 * A person's wish is always two steps, whatever the mode: `request` makes a run that waits for approval, `approve`
 * starts it; guardrails are asked both times. In mode `approve` Vigía takes the first step itself, in `auto` both.
 */
export class RunDesk {
  readonly #deps: ActOwn;
  readonly #runner: Runner;
  readonly #aftermath: Aftermath;
  readonly #held: Held;
  readonly #proposals: Proposals;
  readonly #turns = createTurns();

  constructor(deps: ActOwn, runner: Runner) {
    this.#deps = deps;
    this.#runner = runner;
    this.#aftermath = new Aftermath(deps, runner);
    this.#held = new Held(deps);
    this.#proposals = new Proposals(deps, { runner, aftermath: this.#aftermath, held: this.#held });
  }

  /**
   * A dry run; or a run that waits for approval; or, when a guardrail objects, one that is `rejected` with the reason
   * in `error`. Asking again while the same waits gives the one that waits.
   */
  request(request: ActRequest): Promise<Run> {
    return this.#turns(async () => {
      const found = await examine(this.#deps, { ...request, purpose: 'person' });
      const waiting = request.dryRun ? null : await this.#waiting(found);
      return waiting ?? this.#insert(this.#requested(found, request), request.by);
    });
  }

  /**
   * Starts a run that waits; or rejects it with the reason when a guardrail objects now. Throws `RUN_STATE`, and
   * `API_FORBIDDEN` when the action asks for a higher role.
   */
  approve(id: string, by: string, role: ApproverRole = 'admin'): Promise<Run> {
    return this.#turns(async () => {
      const run = await this.#load(id, 'approve');
      await this.#mayApprove(run, by, role);
      const found = await this.#found(run, by);
      if (!('decision' in found)) return found.refused;
      const now = this.#deps.clock.now();
      const decided: Run = { ...run, decision: [...found.decision.said], decidedAt: now, decidedBy: by };
      const refuse = (error: Phrase, said = found.decision.said): Promise<Run> =>
        this.#refuse({ ...run, decision: [...said] }, error, by);
      const objection = found.decision.blocked ?? changed(run, found) ?? over(run, found) ?? unmet(run, found);
      if (objection !== null) return refuse(objection);
      const running: Run = { ...decided, state: 'running', startedAt: now };
      const started = await startRun(this.#deps, this.#runner, { found, run: running, from: ['awaiting_approval'] });
      if (started.decision.blocked !== null) return refuse(started.decision.blocked, started.decision.said);
      if (started.run === null) throw await this.#notWaiting(id, 'approve');
      await audit(this.#deps, 'run.approve', started.run, by);
      started.launch();
      return started.run;
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

  /** Does for a recommendation what the modes allow Vigía by itself. */
  propose(recommendation: Recommendation): Promise<void> {
    return this.#turns(() => this.#proposals.take(recommendation));
  }

  /** What stands recommended for open incidents is looked at again after a restart; what was done is not done twice. */
  restore(owns: (fleet: string) => boolean): Promise<void> {
    return this.#held.restore(owns);
  }

  /** Another process goes on with these fleets. */
  drop(gone: (fleet: string) => boolean): void {
    this.#held.dropFleets(gone);
  }

  /** Looks again at what was held back by something that passes. */
  retryHeld(): Promise<void> {
    return this.#held.retry((recommendation) => this.propose(recommendation));
  }

  /** An outcome is known: harm is undone, and what has not helped makes room for the next action. */
  judged(run: Run, outcome: Outcome): Promise<void> {
    return this.#turns(async () => {
      await this.#aftermath.judged(run, outcome);
      if (run.incident !== null && outcome.verdict !== 'resolved') await this.#held.addNewest(run.incident);
    });
  }

  ended(run: Run): Promise<void> {
    return this.#turns(() => this.#aftermath.ended(run));
  }

  /** Ends what has waited too long. */
  async expire(): Promise<void> {
    const now = this.#deps.clock.now();
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const waiting: Page<Run> = await this.#deps.store.runs.list({ state: 'awaiting_approval', limit: PAGE, cursor });
      for (const run of waiting.items) if (isLate(run, now)) await this.#expire(run, now);
      cursor = waiting.next;
      if (cursor === null) return;
    }
  }

  async #expire(run: Run, now: number): Promise<void> {
    const why = run.requestedAt > now + CLOCK_SLACK_MS ? 'act.expired_clock' : 'act.expired';
    const expired: Run = { ...run, state: 'expired', decidedAt: now, error: phrase(why) };
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
    const late = run.state === 'awaiting_approval' && isLate(run, now);
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
      throw await this.#notWaiting(run.id, verb.slice('run.'.length));
    }
    await audit(this.#deps, verb, run, by);
    return run;
  }

  /** Who may approve is part of the action; a try by somebody who may not is written down. */
  async #mayApprove(run: Run, by: string, role: ApproverRole): Promise<void> {
    const needed = this.#deps.actions.find(({ id }) => id === run.action)?.approver ?? 'operator';
    if (needed === 'operator' || role === 'admin') return;
    await audit(this.#deps, 'run.forbid', { ...run, error: phrase('act.forbidden', { role: needed }) }, by);
    throw new VigiaError('API_FORBIDDEN', { role: needed });
  }

  /** What is gone since it was asked for ends the run rather than the request to approve it. */
  async #found(run: Run, by: string): Promise<Case | { readonly refused: Run }> {
    const { action, entity, incident } = run;
    try {
      return await examine(this.#deps, { action, entity, incident, purpose: 'person' });
    } catch (thrown) {
      if (!(thrown instanceof VigiaError) || thrown.retryable) throw thrown;
      const reason =
        thrown.code === 'ACTION_UNKNOWN' ? phrase('act.no_action', { action }) : phrase('act.no_target', { entity });
      return { refused: await this.#refuse(run, reason, by) };
    }
  }

  #refuse(run: Run, error: Phrase, by: string): Promise<Run> {
    const decidedAt = this.#deps.clock.now();
    return this.#change({ ...run, state: 'rejected', decidedAt, decidedBy: VIGIA, error }, 'run.refuse', by);
  }

  async #notWaiting(id: string, verb: string): Promise<VigiaError> {
    return new VigiaError('RUN_STATE', { state: (await this.#deps.store.runs.get(id))?.state ?? 'unknown', verb });
  }
}

const isLate = ({ expiresAt, requestedAt }: Run, now: number): boolean =>
  expiresAt !== null && (expiresAt <= now || requestedAt > now + CLOCK_SLACK_MS);
