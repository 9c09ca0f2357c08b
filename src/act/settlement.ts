import { topics } from '../model/topics.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Outcome, Run } from '../model/action.ts';
import type { Incident } from '../model/incident.ts';
import { toError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import type { ActDeps } from './act-deps.ts';
import { gatherEvidence, gatherWanted } from './evidence.ts';
import { judge, type Judgement, type OutcomeFacts } from './outcome.ts';

/** How long the last frames of the settle window are waited for; they close a little after their time. */
const LATE_MS = 30_000;
/** Runs looked at on a start for outcomes that are still due. */
const MAX_RESTORED = 1000;
const PAGE = 200;
const MAX_REPUBLISHED = 50;
const REPUBLISH_MS = 10 * 60_000;
/** Ended so long ago, a run that nobody has judged may have been forgotten; beyond that a start finds it. */
const OVERDUE_MS = { from: 5 * 60_000, to: 6 * 3_600_000 } as const;

/** What the error of a run says that was found running after a restart. */
export const INTERRUPTED = 'act.interrupted';

/** Judges runs when they have settled. What is due follows from stored runs, so a restart forgets nothing. */
export class Settlement {
  readonly #deps: ActDeps;
  readonly #due = new Map<string, Run>();
  readonly #judged: (run: Run, outcome: Outcome) => Promise<void>;

  /** `judged` is told of every outcome, and again of recent ones after a restart. */
  constructor(deps: ActDeps, judged: (run: Run, outcome: Outcome) => Promise<void>) {
    this.#deps = deps;
    this.#judged = judged;
  }

  get waiting(): number {
    return this.#due.size;
  }

  expect(run: Run): void {
    if (!run.dryRun && run.endedAt !== null) this.#due.set(run.id, run);
  }

  /** Runs of fleets that have come here, and are not judged yet. */
  async restore(owns: (fleet: string) => boolean): Promise<void> {
    const { runs, outcomes } = this.#deps.store;
    await this.#publishRecent(owns);
    for (const state of ['succeeded', 'failed'] as const) {
      let cursor: string | null = null;
      for (let seen = 0; seen < MAX_RESTORED; seen += PAGE) {
        const page: Awaited<ReturnType<typeof runs.list>> = await runs.list({ state, limit: PAGE, cursor });
        for (const run of page.items) if (owns(run.fleet) && (await outcomes.forRun(run.id)) === null) this.expect(run);
        cursor = page.next;
        if (cursor === null) break;
      }
    }
  }

  /** Another process goes on with these fleets. */
  drop(gone: (fleet: string) => boolean): void {
    for (const [id, { fleet }] of this.#due) if (gone(fleet)) this.#due.delete(id);
  }

  /**
   * Takes on what nobody has judged though it was time, as the process that carried it out has died since. Two that do so
   * write the same outcome once.
   */
  async takeOverdue(): Promise<void> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    for (const state of ['succeeded', 'failed'] as const) {
      const { items } = await store.runs.list({ state, limit: PAGE, cursor: null });
      for (const run of items) {
        const ago = now - (run.endedAt ?? now);
        if (ago < OVERDUE_MS.from || ago > OVERDUE_MS.to || this.#due.has(run.id)) continue;
        if ((await store.outcomes.forRun(run.id)) === null) this.expect(run);
      }
    }
  }

  /** What died between storing and publishing an outcome is made good; whoever knows it already sees nothing new. */
  async #publishRecent(owns: (fleet: string) => boolean): Promise<void> {
    const { store, bus, clock } = this.#deps;
    const { items } = await store.outcomes.list({ limit: MAX_REPUBLISHED, cursor: null });
    const since = clock.now() - REPUBLISH_MS;
    const recent = items.filter(({ decidedAt, fleet }) => decidedAt > since && owns(fleet));
    await bus.publish(
      topics.outcomes,
      recent.map((value) => ({ key: value.fleet, value })),
    );
    for (const outcome of recent) {
      const run = await store.runs.get(outcome.run);
      if (run !== null) await this.#judged(run, outcome);
    }
  }

  /** Judges what is due. What fails stays due and holds up nothing else. */
  async settle(): Promise<void> {
    for (const run of this.#due.values()) {
      try {
        const judgement = await this.#judgement(run, this.#deps.clock.now());
        if (judgement === null) continue;
        await this.#conclude(run, judgement);
        this.#due.delete(run.id);
      } catch (thrown) {
        this.#deps.log.warn(
          { run: run.id, err: toError(thrown).message },
          'an outcome could not be judged; tried again',
        );
      }
    }
  }

  /** Null while it is too early to say. */
  async #judgement(run: Run, now: number): Promise<Judgement | null> {
    const { store, actions } = this.#deps;
    const facts = { runFailed: run.state === 'failed', interrupted: run.error?.key === INTERRUPTED, features: [] };
    const action = actions.find(({ id }) => id === run.action);
    if (facts.interrupted || action === undefined) return judge(facts);
    const settled = (run.endedAt ?? now) + action.settleMs;
    if (now < settled) return null;
    const incident = run.incident === null ? null : await store.incidents.get(run.incident);
    if (incident === null) return judge(facts);
    return this.#measured(run, action, incident, facts);
  }

  /** Waits a little for the last frames of the settle window, where there is something to be seen in them. */
  async #measured(
    run: Run,
    action: ActionDefinition,
    incident: Incident,
    facts: OutcomeFacts,
  ): Promise<Judgement | null> {
    const { store, stepMs, clock } = this.#deps;
    const now = clock.now();
    const settled = (run.endedAt ?? now) + action.settleMs;
    const { features, newest } = await gatherEvidence(store, { run, incident, action, stepMs });
    // `settled` falls somewhere within a step; the last frame that ends before it begins up to two steps earlier.
    const complete = newest !== null && newest >= settled - 2 * stepMs;
    const awaited = features.length > 0 || (action.evidence ?? []).length > 0;
    if (!complete && awaited && now < settled + LATE_MS) return null;
    return judge({ ...facts, features, wanted: await gatherWanted(store, { run, action, stepMs }) });
  }

  async #conclude(run: Run, { verdict, reason, evidence }: Judgement): Promise<void> {
    const { store, bus, clock, log, metrics } = this.#deps;
    const outcome: Outcome = {
      id: stableId('outcome', run.id),
      run: run.id,
      incident: run.incident,
      fleet: run.fleet,
      action: run.action,
      entity: run.entity,
      verdict,
      decidedAt: clock.now(),
      evidence,
      reason,
    };
    await store.outcomes.insert(outcome);
    // What was stored first counts, should two have judged at once.
    const value = (await store.outcomes.forRun(run.id)) ?? outcome;
    await bus.publish(topics.outcomes, [{ key: value.fleet, value }]);
    log.info({ run: run.id, action: run.action, entity: run.entity, verdict, reason: reason.key }, 'outcome judged');
    metrics.counter('vigia_act_outcomes_total', 'Outcomes of runs.', ['verdict']).inc({ verdict });
    await this.#judged(run, value);
  }
}
