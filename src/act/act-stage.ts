import type { Delivery, Subscription } from '../bus/bus.ts';
import type { ApproverRole } from '../model/action-definition.ts';
import type { ActionMode, Automation, LinkView, Recommendation, Run } from '../model/action.ts';
import type { Rung } from '../model/policy.ts';
import { BREAKER_SETTING } from '../store/store.ts';
import type { Phrase } from '../model/phrase.ts';
import { phrase } from '../model/phrase.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { every } from '../runtime/every.ts';
import { createFirst } from '../runtime/first.ts';
import { type ActDeps, type ActOwn, audit, VIGIA } from './act-deps.ts';
import { examine } from './facts.ts';
import { ladderOf, leaveObserve, putOnLadder } from './ladder.ts';
import { brokenBy, DEFAULT_LIMITS } from './limits.ts';
import { LinkDesk } from './link-desk.ts';
import { type ActRequest, RunDesk } from './run-desk.ts';
import { LAPSE_MS, Runner } from './runner.ts';
import { INTERRUPTED, Settlement } from './settlement.ts';

/** The stage that acts, and what others may ask of it. */
export interface ActStage extends Service {
  /** See `RunDesk`. */
  request(request: ActRequest): Promise<Run>;
  approve(run: string, by: string, role?: ApproverRole): Promise<Run>;
  reject(run: string, by: string, note: string): Promise<Run>;
  /** What would be done by a signed link; see `LinkDesk`. Changes nothing. */
  lookAtLink(token: string): Promise<LinkView>;
  decideByLink(token: string, decision: 'approve' | 'reject', note: string): Promise<Run>;
  /** What all guardrails say now, to Vigía itself and to a person. For recommendations. */
  guard(action: string, entity: string, incident: string): Promise<GuardView>;
  automation(): Promise<Automation>;
  /** Where every action stands between observing and acting by itself, and on what evidence. */
  ladder(): Promise<readonly Rung[]>;
  /** A person puts an action on another level; the owner's configuration stays the limit. */
  putOnLadder(wish: Pick<Rung, 'action' | 'entityKind' | 'level'>, by: string): Promise<Rung>;
  /** Closes the circuit breaker: what was before counts no more. */
  resetBreaker(by: string): Promise<Automation>;
  /** Messages waiting, for the status page. */
  lag(): number;
  /** Expires, kills and judges what is due, as the loop does every second. */
  tick(): Promise<void>;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

/** What the guardrails say of an action now, to whom it may concern; null where nothing objects. */
export interface GuardView {
  readonly mode: ActionMode;
  readonly help: Phrase | null;
  readonly person: Phrase | null;
}

const PAGE = 100;
/** How often runs are looked for that another process has left without a judgement. */
const OVERDUE_EVERY_MS = 60_000;

/**
 * Runs that a process before this one was carrying out when it died. Nobody knows how far they came, so they are
 * never repeated: they have failed, and their outcome is inconclusive.
 */
async function reconcile(deps: ActOwn, settlement: Settlement): Promise<void> {
  const { runs } = deps.store;
  for (let items = await found(); items.length > 0; items = await found()) {
    for (const run of items) {
      const failed: Run = { ...run, state: 'failed', endedAt: deps.clock.now(), error: phrase(INTERRUPTED) };
      if (!(await runs.finish(failed))) continue;
      await audit(deps, 'run.interrupt', failed, VIGIA);
      settlement.expect(failed);
    }
  }
  function found(): Promise<readonly Run[]> {
    const { holder: mine, shared = false, clock } = deps;
    return runs.lost({ mine, alone: !shared, now: clock.now(), lapseMs: LAPSE_MS, limit: PAGE });
  }
}

class Acting implements ActStage {
  readonly name = 'act';
  readonly #deps: ActOwn;
  readonly #settlement: Settlement;
  readonly #runner: Runner;
  readonly #desk: RunDesk;
  readonly #links: LinkDesk;
  readonly #end = new AbortController();
  #subscription: Subscription | null = null;
  #loop: Promise<void> = Promise.resolve();
  /** Monotonic. */
  #lookedAt = 0;

  constructor(given: ActDeps) {
    const deps: ActOwn = { ...given, holder: given.ids.next('holder') };
    this.#deps = deps;
    this.#settlement = new Settlement(deps, (run, outcome) => this.#desk.judged(run, outcome));
    this.#runner = new Runner(deps, async (run) => {
      this.#settlement.expect(run);
      await this.#desk.ended(run);
    });
    this.#desk = new RunDesk(deps, this.#runner);
    this.#links = new LinkDesk(deps, this.#desk);
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#deps;
    await reconcile(this.#deps, this.#settlement);
    const ready = createFirst();
    const take = (batch: readonly Delivery<Recommendation>[]): Promise<void> => this.#take(batch);
    this.#subscription = await bus.subscribe(topics.recommendations, this.name, take, {
      onAssigned: async (owns) => {
        await this.#settlement.restore(owns);
        await this.#desk.restore(owns);
        ready.done();
      },
      onRevoked: async (owns) => {
        this.#settlement.drop(owns);
        this.#desk.drop(owns);
      },
    });
    await ready.soon(clock);
    this.#loop = this.#ticks();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#subscription?.stop();
    await Promise.all([this.#loop, this.#runner.stop()]);
  }

  request(request: ActRequest): Promise<Run> {
    return this.#desk.request(request);
  }

  approve(run: string, by: string, role?: ApproverRole): Promise<Run> {
    return this.#desk.approve(run, by, role);
  }

  reject(run: string, by: string, note: string): Promise<Run> {
    return this.#desk.reject(run, by, note);
  }

  lookAtLink(token: string): Promise<LinkView> {
    return this.#links.look(token);
  }

  decideByLink(token: string, decision: 'approve' | 'reject', note: string): Promise<Run> {
    return this.#links.decide(token, decision, note);
  }

  async guard(action: string, entity: string, incident: string): Promise<GuardView> {
    const { mode, as } = await examine(this.#deps, { action, entity, incident, purpose: 'help' });
    return { mode, help: as('help').blocked, person: as('person').blocked };
  }

  ladder(): Promise<readonly Rung[]> {
    return ladderOf(this.#deps);
  }

  putOnLadder(wish: Pick<Rung, 'action' | 'entityKind' | 'level'>, by: string): Promise<Rung> {
    return putOnLadder(this.#deps, wish, by);
  }

  async automation(): Promise<Automation> {
    const { store, clock, settings, limits = DEFAULT_LIMITS } = this.#deps;
    const survey = await store.runs.survey({ action: '', entity: '', fleet: '', now: clock.now() });
    const reason = brokenBy(survey, limits);
    return { killSwitch: settings().killSwitch, breaker: { open: reason !== null, reason } };
  }

  async resetBreaker(by: string): Promise<Automation> {
    const { store, clock, ids } = this.#deps;
    const { breaker } = await this.automation();
    const time = clock.now();
    await store.settings.set(BREAKER_SETTING, { resetAt: time }, by, time);
    const detail = { reason: breaker.reason?.key ?? null, ...breaker.reason?.values };
    await store.audit.append({
      id: ids.next('audit'),
      time,
      actor: by,
      verb: 'breaker.reset',
      target: 'breaker',
      detail,
    });
    return this.automation();
  }

  lag(): number {
    return this.#subscription?.lag() ?? 0;
  }

  idle(): Promise<void> {
    return this.#runner.idle();
  }

  async tick(): Promise<void> {
    // First of all, and from memory: it has to work while the database does not.
    if (this.#deps.settings().killSwitch) this.#runner.kill();
    await this.#runner.renew();
    await this.#runner.tell();
    await reconcile(this.#deps, this.#settlement);
    await this.#desk.expire();
    await this.#takeOverdue();
    await this.#settlement.settle();
    await this.#desk.retryHeld();
  }

  async #takeOverdue(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    if (now - this.#lookedAt < OVERDUE_EVERY_MS) return;
    this.#lookedAt = now;
    await this.#settlement.takeOverdue();
    await leaveObserve(this.#deps);
  }

  /** Of several recommendations for one incident in a batch only the newest still counts. */
  async #take(batch: readonly Delivery<Recommendation>[]): Promise<void> {
    const newest = new Map(batch.map(({ value }) => [value.incident, value]));
    for (const recommendation of newest.values()) await this.#desk.propose(recommendation);
  }

  async #ticks(): Promise<void> {
    const { clock, log, tickMs = 1000 } = this.#deps;
    await every(tickMs, () => this.tick(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.error({ error: message }, 'runs could not be looked after; tried again'),
    });
  }
}

export const createActStage = (deps: ActDeps): ActStage => new Acting(deps);
