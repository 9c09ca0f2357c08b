import type { Outcome, Run } from '../model/action.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import { createText } from '../text/text.ts';
import { type ActOwn, audit, note, VIGIA } from './act-deps.ts';
import { examine } from './facts.ts';
import { moveOnLadder } from './ladder.ts';
import { brokenBy, DEFAULT_LIMITS } from './limits.ts';
import type { Runner } from './runner.ts';
import { draft, startRun } from './starter.ts';

/** The note in a run's decision that names the run it undoes. */
const ROLLBACK = 'act.rollback_of';

const undoes = (run: Run): string | null => {
  const note_ = run.decision.find(({ key }) => key === ROLLBACK)?.values['run'];
  return note_ === undefined ? null : String(note_);
};

/** What follows from an outcome: undoing harm, the circuit breaker, calling a person. Everything here may happen twice. */
export class Aftermath {
  readonly #deps: ActOwn;
  readonly #runner: Runner;

  constructor(deps: ActOwn, runner: Runner) {
    this.#deps = deps;
    this.#runner = runner;
  }

  async judged(run: Run, outcome: Outcome): Promise<void> {
    const { verdict } = outcome;
    await moveOnLadder(this.#deps, run, outcome);
    if (run.requestedBy === VIGIA && verdict !== 'resolved') await this.#tellBreaker(run);
    const undone = undoes(run);
    if (undone !== null && run.state === 'succeeded') await this.#rolledBack(undone);
    // What undoes is not undone: two actions that undo each other would never end.
    if (verdict === 'harmful' && undone === null) await this.#rollBack(run);
  }

  /** The run that was undone says so as soon as what undid it has ended well. */
  async ended(run: Run): Promise<void> {
    const undone = undoes(run);
    if (undone !== null && run.state === 'succeeded') await this.#rolledBack(undone);
  }

  /** Calls a person, once an incident (and once again each time it is opened anew) and reason. */
  async escalate(run: Pick<Run, 'incident' | 'entity' | 'fleet'>, reopened: number, why: Phrase): Promise<void> {
    const { store, clock, escalation = null } = this.#deps;
    const { incident, entity, fleet } = run;
    const id = stableId('escalation', incident ?? entity, reopened, why.key);
    await note(this.#deps, { id, verb: 'incident.escalate', target: incident ?? entity, reason: why });
    await store.events.append([
      {
        id: stableId('event', id),
        time: clock.now(),
        entity,
        fleet,
        name: 'escalation',
        source: VIGIA,
        severity: 'warning',
        text: createText()(this.#deps.language?.() ?? 'en').phrase(why),
        labels: incident === null ? {} : { incident },
      },
    ]);
    if (escalation === null) return;
    await this.#start({ action: escalation, entity, incident }, stableId('run', id), why);
  }

  async #rollBack(run: Run): Promise<void> {
    const { actions, store } = this.#deps;
    const action = actions.find(({ id }) => id === run.action)?.rollback;
    const incident = run.incident === null ? null : await store.incidents.get(run.incident);
    const why = phrase('act.escalate_harmful', { action: run.action, run: run.id });
    if (action === undefined) return this.escalate(run, incident?.reopened ?? 0, why);
    const id = stableId('run', run.id, 'rollback');
    if ((await store.runs.get(id)) !== null) return;
    const wish = { action, entity: run.entity, incident: run.incident };
    const reason = phrase(ROLLBACK, { run: run.id, action: run.action });
    // What a person has started is undone by a person: Vigía only asks.
    if (run.decidedBy !== VIGIA) return this.#ask(wish, id, reason);
    if (!(await this.#start(wish, id, reason))) await this.escalate(run, incident?.reopened ?? 0, why);
  }

  async #ask(wish: Pick<Run, 'action' | 'entity' | 'incident'>, id: string, reason: Phrase): Promise<void> {
    const found = await examine(this.#deps, { ...wish, purpose: 'rollback' });
    const now = this.#deps.clock.now();
    const asked = { id, requestedBy: VIGIA, requestedAt: now, expiresAt: now + found.action.approvalMs };
    const decision = [...found.decision.said, reason];
    const run = draft(found, { ...asked, state: 'awaiting_approval', decision });
    if (await this.#deps.store.runs.insert(run)) await audit(this.#deps, 'run.request', run, VIGIA);
  }

  /** True when it was started, now or before. */
  async #start(wish: Pick<Run, 'action' | 'entity' | 'incident'>, id: string, reason: Phrase): Promise<boolean> {
    if ((await this.#deps.store.runs.get(id)) !== null) return true;
    const found = await examine(this.#deps, { ...wish, purpose: 'rollback' });
    const now = this.#deps.clock.now();
    const run = draft(found, {
      id,
      requestedBy: VIGIA,
      requestedAt: now,
      decidedBy: VIGIA,
      decidedAt: now,
      startedAt: now,
      state: 'running',
      decision: [...found.decision.said, reason],
    });
    const started = await startRun(this.#deps, this.#runner, { found, run, from: null });
    if (started.run === null) {
      const { blocked } = started.decision;
      if (blocked !== null) await note(this.#deps, { id, verb: 'run.refuse', target: wish.action, reason: blocked });
      return false;
    }
    await audit(this.#deps, 'run.start', started.run, VIGIA);
    started.launch();
    return true;
  }

  async #rolledBack(id: string): Promise<void> {
    const run = await this.#deps.store.runs.get(id);
    if (run === null || run.state === 'rolled_back') return;
    const undone: Run = { ...run, state: 'rolled_back' };
    if (await this.#deps.store.runs.transition(undone, ['succeeded', 'failed'])) {
      await audit(this.#deps, 'run.roll_back', undone, VIGIA);
    }
  }

  /** The breaker is open by what is stored; the audit log says once what opened it. */
  async #tellBreaker({ action, entity, fleet, id }: Run): Promise<void> {
    const { store, clock, limits = DEFAULT_LIMITS } = this.#deps;
    const survey = await store.runs.survey({ action, entity, fleet, now: clock.now() });
    const reason = brokenBy(survey, limits);
    if (reason === null) return;
    await note(this.#deps, { id: stableId('breaker', survey.harmful ?? id), verb: 'breaker.open', target: id, reason });
  }
}
