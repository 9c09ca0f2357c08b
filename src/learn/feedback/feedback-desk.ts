import type { Anomaly } from '../../model/anomaly.ts';
import { type Entity, type EntityId, parseEntityId, serviceOf } from '../../model/entity.ts';
import type { Feedback } from '../../model/failure.ts';
import type { FeedbackPort, FeedbackPreview, FeedbackRequest } from '../../model/feedback-request.ts';
import type { FeedbackRule, Whereabouts } from '../../model/feedback-rule.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { Clock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Store } from '../../store/store.ts';
import { alerting, makeRule } from './make-rule.ts';
import { missedAnomalies, type Missed } from './missed.ts';
import { previewRule } from './preview-rule.ts';
import { MAX_RULES, type RuleBook } from './rule-book.ts';

export interface FeedbackDeskDeps {
  readonly store: Pick<
    Store,
    'alerts' | 'anomalies' | 'entities' | 'failures' | 'feedback' | 'incidents' | 'predictions' | 'recommendations'
  >;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly book: Pick<RuleBook, 'refresh'>;
  /** Makes an open anomaly the new normal; null when it is not open. */
  readonly adopt: (anomaly: string, by: string) => Promise<Anomaly | null>;
  /** An open anomaly as it is now, stronger perhaps than when it was told; null when it is not open. */
  readonly latest: (anomaly: string) => Anomaly | null;
}

/** Verdicts of which one alone can stand for a target, for they contradict each other. */
const DECISIVE: ReadonlySet<Feedback['verdict']> = new Set(['real', 'false_alarm', 'expected']);
/** What a verdict does to the like of what was judged. */
const EFFECTS: Partial<Record<Feedback['verdict'], FeedbackRule['effect']>> = {
  missed: 'louder',
  false_alarm: 'quieter',
  expected: 'quieter',
};
const MAX_ANOMALIES = 100;
const MAX_STANDING = 100;

/** What a request comes down to. */
interface Plan {
  /** Anomalies that it judges. */
  readonly anomalies: readonly Anomaly[];
  readonly missed: Missed | null;
  readonly rule: FeedbackRule | null;
  /** Open anomalies that become the new normal. */
  readonly adopts: readonly string[];
}

const invalid = (detail: string): VigiaError => new VigiaError('BODY_INVALID', { detail });

class Desk implements FeedbackPort {
  readonly #deps: FeedbackDeskDeps;

  constructor(deps: FeedbackDeskDeps) {
    this.#deps = deps;
  }

  async preview(request: FeedbackRequest, by: string): Promise<FeedbackPreview> {
    const plan = await this.#plan(request);
    await this.#standing(request, plan, by);
    const { store, clock } = this.#deps;
    const known = new Map<EntityId, Promise<Whereabouts>>();
    const whereabouts = (entity: EntityId): Promise<Whereabouts> => {
      const found = known.get(entity) ?? this.#whereabouts(entity);
      known.set(entity, found);
      return found;
    };
    const consequence = await previewRule(plan.rule, { store, whereabouts, now: clock.now() });
    const adopts = [...plan.adopts];
    return { summary: summaryOf(plan, consequence), rule: plan.rule, adopts, ...consequence };
  }

  async give(
    request: FeedbackRequest,
    by: string,
  ): Promise<{ readonly feedback: Feedback; readonly repeated: boolean; readonly replaced: string | null }> {
    const { store, clock, ids, book } = this.#deps;
    const plan = await this.#plan(request);
    const standing = await this.#standing(request, plan, by);
    if (standing?.verdict === request.verdict) return { feedback: standing, repeated: true, replaced: null };
    if (plan.rule !== null && (await store.feedback.ruling(MAX_RULES)).length >= MAX_RULES)
      throw new VigiaError('FEEDBACK_FULL', { limit: MAX_RULES });
    if (standing !== null) await store.feedback.undo(standing.id, { by, time: clock.now() });
    const { target, targetId, verdict, note } = request;
    const feedback: Feedback = {
      id: ids.next('feedback'),
      target,
      targetId,
      verdict,
      note,
      by,
      time: clock.now(),
      anomalies: plan.anomalies.map(({ id }) => id),
      missed: plan.missed,
      rule: plan.rule,
      adopted: plan.adopts.length > 0 ? [...plan.adopts] : null,
      undone: null,
    };
    // Somebody else was faster: now it is they who are contradicted or repeated.
    if (!(await store.feedback.insert(feedback))) return this.give(request, by);
    for (const anomaly of plan.adopts) await this.#deps.adopt(anomaly, by);
    await book.refresh();
    return { feedback, repeated: false, replaced: standing?.id ?? null };
  }

  async undo(id: string, by: string): Promise<Feedback> {
    const { store, clock, book } = this.#deps;
    const feedback = await store.feedback.get(id);
    if (feedback === null) throw new VigiaError('NOT_FOUND', { what: 'feedback', id });
    refuseUnlearning(feedback);
    const undone = { by, time: clock.now() };
    if (!(await store.feedback.undo(id, undone))) {
      const { by: other, time } = (await store.feedback.get(id))?.undone ?? undone;
      throw new VigiaError('FEEDBACK_UNDONE', { by: other, time: new Date(time).toISOString() });
    }
    await book.refresh();
    return { ...feedback, undone };
  }

  async #plan(request: FeedbackRequest): Promise<Plan> {
    const missed = request.verdict === 'missed' ? await this.#missed(request) : null;
    const anomalies = missed?.seen ?? (await this.#judged(request));
    const open = request.verdict === 'expected' ? anomalies.filter(({ end }) => end === null) : [];
    const label = missed?.label ?? null;
    if (request.reach === 'nothing') return { anomalies, missed: label, rule: null, adopts: [] };
    // What becomes normal needs no rule: it is learnt, and found no more.
    const rule = open.length > 0 ? null : await this.#rule(request, anomalies);
    return { anomalies, missed: label, rule, adopts: open.map(({ id }) => id) };
  }

  async #rule(
    { verdict, reach, seconds }: FeedbackRequest,
    anomalies: readonly Anomaly[],
  ): Promise<FeedbackRule | null> {
    const effect = EFFECTS[verdict];
    if (effect === undefined || reach === 'nothing') return null;
    const places = new Map<EntityId, Whereabouts>();
    for (const { entity } of anomalies) if (!places.has(entity)) places.set(entity, await this.#whereabouts(entity));
    const until = typeof seconds === 'number' ? this.#deps.clock.now() + seconds * 1000 : null;
    const whereabouts = ({ entity }: Anomaly): Whereabouts => places.get(entity)!;
    const rule = makeRule(anomalies, { effect, level: reach, until, whereabouts });
    if (rule === null && reach === 'service' && anomalies.length > 0)
      throw invalid('reach: no label says which service it belongs to');
    return rule;
  }

  /** The anomalies that are judged with the target. */
  async #judged({ target, targetId: id, verdict }: FeedbackRequest): Promise<readonly Anomaly[]> {
    const { store } = this.#deps;
    const missing = new VigiaError('NOT_FOUND', { what: target, id });
    if (target === 'entity') throw invalid('verdict: of an entity only "missed" can be said');
    if (target === 'anomaly') {
      const anomaly = await this.#anomaly(id);
      if (anomaly === null) throw missing;
      return [anomaly];
    }
    if (target === 'incident') {
      const incident = await store.incidents.get(id);
      if (incident === null) throw missing;
      const found = await Promise.all(
        incident.anomalies.slice(0, MAX_ANOMALIES).map((one) => store.anomalies.get(one)),
      );
      const present = found.filter((one) => one !== null);
      const loud = present.filter(alerting);
      return loud.length > 0 ? loud : present;
    }
    if (verdict === 'expected') throw invalid('verdict: only an anomaly or incident can be expected');
    const kept = target === 'prediction' ? store.predictions : store.recommendations;
    if ((await kept.get(id)) === null) throw missing;
    return [];
  }

  async #anomaly(id: string): Promise<Anomaly | null> {
    const stored = await this.#deps.store.anomalies.get(id);
    const latest = stored?.end === null ? this.#deps.latest(id) : null;
    return stored === null || latest === null ? stored : { ...stored, pValue: latest.pValue };
  }

  async #missed(request: FeedbackRequest): Promise<Awaited<ReturnType<typeof missedAnomalies>>> {
    const { target, targetId: entity, missed } = request;
    const { store, clock } = this.#deps;
    if (target !== 'entity' || missed === undefined) throw invalid('missed: what was missed, on which entity and when');
    if ((await store.entities.get(entity)) === null) throw new VigiaError('NOT_FOUND', { what: 'entity', id: entity });
    return missedAnomalies(store, { entity, missed, now: clock.now() });
  }

  /** The verdict of the target that stands and that this one would take the place of, or repeat; null when there is none. */
  async #standing(request: FeedbackRequest, plan: Plan, by: string): Promise<Feedback | null> {
    const { target, targetId, verdict } = request;
    if (!DECISIVE.has(verdict)) return null;
    const before = await this.#decided(target, targetId);
    if (before !== null && before.verdict !== verdict) {
      if (before.by !== by) throw conflict(before);
      refuseUnlearning(before);
    }
    // A word on the whole does not pass over somebody else's word on a part.
    if (target === 'incident' && verdict !== 'real') {
      for (const { id } of plan.anomalies) {
        const part = await this.#decided('anomaly', id);
        if (part?.verdict === 'real' && part.by !== by) throw conflict(part);
      }
    }
    return before;
  }

  async #decided(target: Feedback['target'], targetId: string): Promise<Feedback | null> {
    const { feedback } = this.#deps.store;
    const { items } = await feedback.list({ limit: MAX_STANDING, cursor: null, targetId, standing: true });
    return items.find((one) => one.target === target && DECISIVE.has(one.verdict)) ?? null;
  }

  async #whereabouts(id: EntityId): Promise<Whereabouts> {
    const entity: Pick<Entity, 'kind' | 'name' | 'labels'> = (await this.#deps.store.entities.get(id)) ?? {
      ...parseEntityId(id),
      labels: {},
    };
    return { entity: id, kind: entity.kind, service: serviceOf(entity) };
  }
}

const conflict = ({ by, verdict, time, id }: Feedback): VigiaError =>
  new VigiaError('FEEDBACK_CONFLICT', { by, verdict, time: new Date(time).toISOString(), id });

/** What was learnt as the new normal cannot be unlearnt. */
function refuseUnlearning({ adopted, by }: Feedback): void {
  if (adopted?.length) throw new VigiaError('FEEDBACK_LEARNT', { by });
}

function summaryOf(
  { rule, adopts, missed }: Plan,
  found: Omit<FeedbackPreview, 'summary' | 'rule' | 'adopts'>,
): Phrase {
  if (adopts.length > 0) return phrase('feedback.previewAdopts', { count: adopts.length });
  if (rule === null) return phrase(missed === null ? 'feedback.previewNothing' : 'feedback.previewLabel');
  if (rule.effect === 'louder') return phrase('feedback.previewAdds', { count: found.added });
  const { removed, alike, lost } = found;
  return phrase('feedback.previewRemoves', { removed, alike, lost });
}

/** What people say is checked, kept and brought into force here. */
export const createFeedbackDesk = (deps: FeedbackDeskDeps): FeedbackPort => new Desk(deps);
