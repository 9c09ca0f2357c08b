import { type Anomaly, SEVERITIES } from '../../model/anomaly.ts';
import { type EntityId, parseEntityId } from '../../model/entity.ts';
import type { Feedback } from '../../model/failure.ts';
import {
  type FeedbackRule,
  likenessOf,
  ruleConcerns,
  ruleDecides,
  type Whereabouts,
} from '../../model/feedback-rule.ts';
import { phrase } from '../../model/phrase.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';

export interface RuleBookDeps {
  readonly store: Pick<Store, 'feedback'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The service of an entity, null when it is not known. */
  readonly serviceOf: (entity: EntityId) => string | null;
  /** Has open anomalies told once more that it concerns. */
  readonly retell: (concerns: (anomaly: Anomaly) => boolean) => Promise<void>;
  /** Rules have changed. */
  readonly changed: () => void;
}

/** What people said, as it bears on what is found now. */
export interface RuleBook extends Service {
  /** The anomaly with the severity that the newest rule which decides over it leaves it. */
  review(anomaly: Anomaly): Anomaly;
  /** Whether a rule keeps it from alerting. */
  hides(anomaly: Anomaly): boolean;
  whereabouts(entity: EntityId): Whereabouts;
  /** Whether any rule is about a service. */
  asksForServices(): boolean;
  /** Reads the rules anew and has what they concern told again; resolves when that is done. */
  refresh(): Promise<void>;
}

/** More rules than a person can keep in mind; desk and book keep to it. */
export const MAX_RULES = 1000;
/** Another process may have taken feedback. */
const POLL_MS = 5000;
/** Hidden anomalies that are looked at again, for they may become clearly stronger. */
const MAX_HIDDEN = 10_000;

interface Ruling {
  readonly id: string;
  readonly by: string;
  readonly rule: FeedbackRule;
}

class Book implements RuleBook {
  readonly name = 'feedback';
  readonly #deps: RuleBookDeps;
  #rules: readonly Ruling[] = [];
  /** Open anomalies that a rule keeps down, by id. */
  readonly #hidden = new Set<string>();
  #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: RuleBookDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    await this.#load();
    const { clock, log } = this.#deps;
    this.#loop = every(POLL_MS, () => this.#poll(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'rules from feedback stay as they are; read again later'),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  review(anomaly: Anomaly): Anomaly {
    const ruling = this.#deciding(anomaly);
    const reviewed = ruling === null ? anomaly : applied(anomaly, ruling);
    this.#note(anomaly, reviewed);
    return reviewed;
  }

  hides(anomaly: Anomaly): boolean {
    return this.#deciding(anomaly)?.rule.effect === 'quieter';
  }

  whereabouts(entity: EntityId): Whereabouts {
    return { entity, kind: parseEntityId(entity).kind, service: this.#deps.serviceOf(entity) };
  }

  asksForServices(): boolean {
    return this.#rules.some(({ rule }) => rule.level === 'service');
  }

  async refresh(): Promise<void> {
    const before = this.#rules;
    if (!(await this.#load())) return;
    const ids = new Set(before.map(({ id }) => id));
    const now = new Set(this.#rules.map(({ id }) => id));
    const moved = [...before.filter(({ id }) => !now.has(id)), ...this.#rules.filter(({ id }) => !ids.has(id))];
    this.#deps.changed();
    await this.#deps.retell((anomaly) => {
      const [likeness, where] = [likenessOf(anomaly), this.whereabouts(anomaly.entity)];
      return moved.some(({ rule }) => ruleConcerns(rule, likeness, where));
    });
  }

  async #poll(): Promise<void> {
    await this.refresh();
    if (this.#hidden.size === 0) return;
    // What was hidden while it was weak, or by a rule that has run out, comes up.
    await this.#deps.retell((anomaly) => this.#hidden.has(anomaly.id) && !this.hides(anomaly));
  }

  /** True when the rules are others than before. */
  async #load(): Promise<boolean> {
    const found = await this.#deps.store.feedback.ruling(MAX_RULES);
    const rules = found.flatMap(({ id, by, rule }: Feedback): Ruling[] => (rule ? [{ id, by, rule }] : []));
    const same = rules.length === this.#rules.length && rules.every(({ id }, at) => id === this.#rules[at]?.id);
    this.#rules = rules;
    return !same;
  }

  /** The newest rule wins. */
  #deciding(anomaly: Anomaly): Ruling | null {
    if (this.#rules.length === 0) return null;
    const likeness = likenessOf(anomaly);
    const at = { where: this.whereabouts(anomaly.entity), now: this.#deps.clock.now() };
    return this.#rules.find(({ rule }) => ruleDecides(rule, likeness, at)) ?? null;
  }

  #note(before: Anomaly, after: Anomaly): void {
    const hidden = before.end === null && after.severity !== before.severity && after.severity === 'info';
    if (!hidden) this.#hidden.delete(before.id);
    else if (this.#hidden.size < MAX_HIDDEN) this.#hidden.add(before.id);
  }
}

function applied(anomaly: Anomaly, { by, rule }: Ruling): Anomaly {
  const rank = SEVERITIES.indexOf(anomaly.severity);
  if (rule.effect === 'louder')
    return rank > 0 ? anomaly : { ...anomaly, severity: 'warning', severityReason: phrase('feedback.louder', { by }) };
  return rank === 0 ? anomaly : { ...anomaly, severity: 'info', heldBack: phrase('feedback.quieter', { by }) };
}

export const createRuleBook = (deps: RuleBookDeps): RuleBook => new Book(deps);
