import type { ActionMode, RankedAction, Recommendation, Run } from '../model/action.ts';
import type { Incident } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import { stableId } from '../runtime/ids.ts';
import { type ActOwn, audit, VIGIA } from './act-deps.ts';
import type { Aftermath } from './aftermath.ts';
import { restrain } from './do-nothing.ts';
import { type Case, examine } from './facts.ts';
import { CALLING, type Held, PASSING } from './held.ts';
import type { Runner } from './runner.ts';
import { Standing } from './standing.ts';
import { draft, startRun } from './starter.ts';
import { isVigias } from './still-wanted.ts';

const PAGE = 100;
/** The last of the guardrails: what only this objects to is what Vigía would do, had it wanted so for long enough. */
const FLEETING = 'act.no_fleeting';

/** What came of a try: a run was made; it is too early; what objects; or it is there already, or for people to do. */
type Answer = 'done' | 'early' | Phrase | null;

/** Modes in which Vigía does something by itself: asking counts, unless it has asked already. */
const MAY = { all: new Set<ActionMode>(['approve', 'auto']), alone: new Set<ActionMode>(['auto']) } as const;

interface Parts {
  readonly runner: Runner;
  readonly aftermath: Aftermath;
  readonly held: Held;
}

/**
 * What Vigía does by itself for a recommendation, as far as the modes allow: asks for approval, or acts. Not safe for two calls
 * at once: the desk lets them in one after the other.
 */
export class Proposals {
  readonly #deps: ActOwn;
  readonly #parts: Parts;
  readonly #standing = new Standing();

  constructor(deps: ActOwn, parts: Parts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /**
   * At most one run of an incident is under way; what came to nothing on it is not repeated, and when nothing is left a person
   * is called. While people are asked, what may be done without asking is done once it has become the better choice.
   */
  async take(recommendation: Recommendation): Promise<void> {
    const { held } = this.#parts;
    const incident = await this.#deps.store.incidents.get(recommendation.incident);
    held.drop(recommendation.incident);
    if (incident === null || incident.state !== 'open') return this.#standing.forget(recommendation.incident);
    const { busy, asked } = await this.#underWay(incident);
    if (busy) return this.#standing.forget(incident.id);
    const { actions } = recommendation;
    const place = asked === null ? -1 : actions.findIndex(({ action }) => action === asked.action);
    const open = place < 0 ? actions : actions.slice(0, place);
    const objections: Phrase[] = [];
    for (const ranked of open) {
      const answer = await this.#tryOne(ranked, incident, { recommendation: recommendation.id, asked });
      if (answer === 'early') return held.add(recommendation);
      if (answer === 'done') return this.#standing.forget(incident.id);
      if (answer !== null) objections.push(answer);
    }
    this.#standing.forget(incident.id);
    if (objections.some(({ key }) => PASSING.has(key))) held.add(recommendation);
    if (asked === null) await this.#callPerson(incident, objections);
  }

  async #tryOne(
    { action, entity, probability, blocked }: RankedAction,
    incident: Incident,
    { recommendation, asked }: { readonly recommendation: string; readonly asked: Run | null },
  ): Promise<Answer> {
    if (!this.#deps.actions.some(({ id }) => id === action)) return null;
    // Who recommends has seen more than a number: nothing, for instance.
    const chance = blocked?.key === 'act.no_unsure' ? 0 : probability;
    const now = this.#deps.clock.monotonic();
    const standingMs = this.#standing.of(incident.id, action, now);
    const wish = { action, entity, incident: incident.id, purpose: 'help', chance, standingMs } as const;
    const found = await examine(this.#deps, wish);
    const { blocked: objected } = found.decision;
    if (!MAY[asked === null ? 'all' : 'alone'].has(found.mode)) return null;
    if (objected?.key === FLEETING) this.#standing.want(incident.id, action, now);
    if (objected !== null) return objected.key === FLEETING ? 'early' : objected;
    const answer = await this.#unlessRestrained(found, incident, recommendation);
    if (answer === 'done' && asked !== null) await this.#withdraw(asked, action);
    return answer;
  }

  async #unlessRestrained(found: Case, incident: Incident, recommendation: string): Promise<Answer> {
    const { objection, notes, acted } = await restrain(this.#deps, found);
    if (objection !== null) return objection;
    const answer = await this.#begin({ ...found, notes }, incident, recommendation);
    if (answer === 'done') await acted();
    return answer;
  }

  /** The run's name is what it stands for, so a second try, here or in another process, finds it there already. */
  async #begin(found: Case, incident: Incident, recommendation: string): Promise<Answer> {
    const now = this.#deps.clock.now();
    const name = [incident.id, incident.reopened, found.action.id, found.entity.id];
    const id = stableId('run', ...name, ...(found.tries > 0 ? [found.tries] : []));
    const base = { id, requestedBy: VIGIA, requestedAt: now, recommendation };
    if (found.mode === 'approve') {
      const run = draft(found, { ...base, state: 'awaiting_approval', expiresAt: now + found.action.approvalMs });
      if (!(await this.#deps.store.runs.insert(run))) return null;
      await audit(this.#deps, 'run.request', run, VIGIA);
      return 'done';
    }
    const run = draft(found, { ...base, state: 'running', decidedBy: VIGIA, decidedAt: now, startedAt: now });
    const started = await startRun(this.#deps, this.#parts.runner, { found, run, from: null });
    if (started.run === null) return started.decision.blocked;
    await audit(this.#deps, 'run.start', started.run, VIGIA);
    started.launch();
    return 'done';
  }

  /** Nobody needs to answer any more what they were asked; who has answered meanwhile has the last word. */
  async #withdraw(asked: Run, instead: string): Promise<void> {
    const error = phrase('act.withdrawn', { action: instead });
    const decidedAt = this.#deps.clock.now();
    const withdrawn: Run = { ...asked, state: 'rejected', decidedBy: VIGIA, decidedAt, error };
    if (await this.#deps.store.runs.transition(withdrawn, ['awaiting_approval'])) {
      await audit(this.#deps, 'run.withdraw', withdrawn, VIGIA);
    }
  }

  /** When Vigía has tried and nothing is left that it may do, or something stands in its way that people should know of. */
  async #callPerson(incident: Incident, objections: readonly Phrase[]): Promise<void> {
    const call = (why: Phrase): Promise<void> =>
      this.#parts.aftermath.escalate(
        { incident: incident.id, entity: incident.root, fleet: incident.fleet },
        incident.reopened,
        why,
      );
    const calling = objections.find(({ key }) => CALLING.has(key));
    if (calling !== undefined) return call(calling);
    if (objections.some(({ key }) => PASSING.has(key))) return;
    const query = { incident: incident.id, limit: PAGE, cursor: null };
    const runs = new Set((await this.#deps.store.runs.list(query)).items.filter(isVigias).map(({ id }) => id));
    const { items } = await this.#deps.store.outcomes.list(query);
    const vain = items.filter(({ run, verdict }) => runs.has(run) && verdict !== 'resolved').length;
    if (vain > 0) await call(phrase('act.escalate_exhausted', { count: vain }));
  }

  /** Whether a run of this incident runs or has not been judged yet, or a person's waits; and what Vigía has asked people for. */
  async #underWay(incident: Incident): Promise<{ readonly busy: boolean; readonly asked: Run | null }> {
    const { items } = await this.#deps.store.runs.list({ incident: incident.id, limit: PAGE, cursor: null });
    let asked: Run | null = null;
    for (const run of items) {
      if (run.state === 'awaiting_approval' && isVigias(run)) asked ??= run;
      else if (run.state === 'awaiting_approval' || run.state === 'running') return { busy: true, asked };
      const ended = run.state === 'succeeded' || run.state === 'failed';
      if (ended && (await this.#deps.store.outcomes.forRun(run.id)) === null) return { busy: true, asked };
    }
    return { busy: false, asked };
  }
}
