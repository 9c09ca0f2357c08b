import type { Anomaly } from '../../model/anomaly.ts';
import type { EntityId } from '../../model/entity.ts';
import {
  type FeedbackRule,
  likenessOf,
  ruleConcerns,
  ruleDecides,
  type Whereabouts,
} from '../../model/feedback-rule.ts';
import type { ConcernedAlert, FeedbackPreview } from '../../model/feedback-request.ts';
import type { Incident } from '../../model/incident.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { Store } from '../../store/store.ts';
import { type Confirmed, readConfirmed } from './confirmed.ts';
import { alerting } from './make-rule.ts';

/** How far back consequences are told. */
const BACK_MS = 30 * 86_400_000;
/** Alerts, signs of one, and anomalies that are looked at, the newest; and alerts that are listed. */
const MAX_ALERTS = 1000;
const MAX_SIGNS = 100;
const MAX_ANOMALIES = 5000;
const PAGE = 500;
const LISTED = 50;

export interface PreviewDeps {
  readonly store: Pick<Store, 'alerts' | 'incidents' | 'anomalies' | 'predictions' | 'feedback' | 'failures'>;
  readonly whereabouts: (entity: EntityId) => Promise<Whereabouts>;
  readonly now: number;
}

type Consequence = Omit<FeedbackPreview, 'summary' | 'rule' | 'adopts'>;

/** Why an incident would alert all the same; null when it would not; undefined when the rule is not about it. */
async function remains(incident: Incident, rule: FeedbackRule, deps: PreviewDeps): Promise<Phrase | null | undefined> {
  const { store, whereabouts, now } = deps;
  const found = await Promise.all(incident.anomalies.slice(0, MAX_SIGNS).map((id) => store.anomalies.get(id)));
  const signs = found.filter((anomaly) => anomaly !== null).filter(alerting);
  let concerned = false;
  let why: Phrase | null = null;
  for (const anomaly of signs) {
    const [likeness, where] = [likenessOf(anomaly), await whereabouts(anomaly.entity)];
    const alike = ruleConcerns(rule, likeness, where);
    concerned ||= alike;
    // A rule for a time is judged as if it held: the question is what it would have done.
    if (ruleDecides({ ...rule, until: null }, likeness, { where, now })) continue;
    why ??= phrase(alike ? 'feedback.staysStronger' : 'feedback.staysOther', { entity: anomaly.entity });
  }
  if (!concerned) return undefined;
  if (why !== null) return why;
  const predictions = await Promise.all(
    incident.predictions.slice(0, MAX_SIGNS).map((id) => store.predictions.get(id)),
  );
  const serious = predictions.find((prediction) => prediction !== null && prediction.severity !== 'info');
  return serious ? phrase('feedback.staysPrediction', { entity: serious.entity }) : null;
}

/** Incidents that alerted since then, newest first. */
async function alerted({ store }: PreviewDeps, since: number): Promise<{ ids: readonly string[]; complete: boolean }> {
  const alerts = await store.alerts.since(since, MAX_ALERTS);
  return { ids: [...new Set(alerts.map(({ incident }) => incident))], complete: alerts.length < MAX_ALERTS };
}

/** Whether an incident may have look-alikes, told by what is written on it. */
function mayConcern(incident: Incident, rule: FeedbackRule): boolean {
  if (rule.level === 'entity') return rule.alike.some(({ where }) => incident.entities.includes(where));
  if (rule.level === 'kind')
    return rule.alike.some(({ where }) => incident.entities.some((id) => id.startsWith(`${where}/`)));
  return true;
}

const lineOf = (incident: Incident, confirmed: boolean, why: Phrase | null): ConcernedAlert => ({
  incident: incident.id,
  title: incident.title,
  root: incident.root,
  openedAt: incident.openedAt,
  severity: incident.severity,
  confirmed,
  why,
});

async function quieter(rule: FeedbackRule, deps: PreviewDeps): Promise<Consequence> {
  const since = deps.now - BACK_MS;
  const { ids, complete } = await alerted(deps, since);
  const confirmed: Confirmed = await readConfirmed(deps.store, since);
  const removed: ConcernedAlert[] = [];
  const kept: ConcernedAlert[] = [];
  for (const id of ids) {
    const incident = await deps.store.incidents.get(id);
    if (incident === null || !mayConcern(incident, rule)) continue;
    const why = await remains(incident, rule, deps);
    if (why === undefined) continue;
    (why === null ? removed : kept).push(lineOf(incident, confirmed.incident(incident, deps.now), why));
  }
  return {
    since,
    alike: removed.length + kept.length,
    removed: removed.length,
    lost: removed.filter((alert) => alert.confirmed).length,
    added: 0,
    complete,
    alerts: {
      removed: removed.toSorted((a, b) => Number(b.confirmed) - Number(a.confirmed)).slice(0, LISTED),
      kept: kept.slice(0, LISTED),
    },
  };
}

async function louder(rule: FeedbackRule, deps: PreviewDeps): Promise<Consequence> {
  const { store, whereabouts, now } = deps;
  const since = now - BACK_MS;
  const range = { from: since, to: now + 1 };
  const entity = rule.level === 'entity' ? rule.alike[0]?.where : undefined;
  let added = 0;
  let read = 0;
  let cursor: string | null = null;
  const raises = async (anomaly: Anomaly): Promise<boolean> =>
    !alerting(anomaly) &&
    ruleDecides({ ...rule, until: null }, likenessOf(anomaly), { where: await whereabouts(anomaly.entity), now });
  do {
    const page = await store.anomalies.list({
      limit: PAGE,
      cursor,
      range,
      ...(entity === undefined ? {} : { entity }),
    });
    for (const anomaly of page.items) added += Number(await raises(anomaly));
    read += page.items.length;
    cursor = page.next;
  } while (cursor !== null && read < MAX_ANOMALIES);
  const nothing = { alike: 0, removed: 0, lost: 0, alerts: { removed: [], kept: [] } };
  return { ...nothing, since, added, complete: cursor === null };
}

const NOTHING = { alike: 0, removed: 0, lost: 0, added: 0, complete: true, alerts: { removed: [], kept: [] } };

/** What a rule would have done in the last 30 days: alerts that would not have come, warnings that would have. */
export async function previewRule(rule: FeedbackRule | null, deps: PreviewDeps): Promise<Consequence> {
  if (rule === null) return { ...NOTHING, since: deps.now - BACK_MS };
  return rule.effect === 'quieter' ? quieter(rule, deps) : louder(rule, deps);
}
