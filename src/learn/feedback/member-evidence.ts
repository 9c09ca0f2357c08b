import type { Anomaly } from '../../model/anomaly.ts';
import type { Feedback } from '../../model/failure.ts';
import type { Store } from '../../store/store.ts';

/** How often a detector was right and wrong: it agreed with what was real, or with a false alarm, by people's word or by a failure. */
export interface MemberEvidence {
  readonly right: number;
  readonly wrong: number;
}

const PAGE = 200;
/** Judged anomalies that are looked at, the newest. */
const MOST = 500;
/** What a failure of the same entity follows within this time was real, where nobody has said anything of it. */
const FOLLOWED_MS = 3_600_000;
/** Failures that are looked at, the newest, and anomalies before each. */
const MOST_FAILURES = 200;
const MOST_BEFORE = 20;
/**
 * Agreement is no truth: all may be wrong together, and who sees it alone may be right. Of what nothing is known an anomaly
 * counts for so much, and all of them for no more than so many judgements.
 */
const AGREEMENT = 0.1;
const MOST_AGREEMENT = 2;
const MOST_UNKNOWN = 200;
const LEAST_VOICES = 3;
/** Before anybody says anything a detector counts as if it had been right four times and wrong four times. */
const DOUBT = 4;
/** However often it was wrong, its word counts for something, so that it may be right again. */
const FLOOR = 0.25;

type Reads = Pick<Store, 'feedback' | 'failures'> & { readonly anomalies: Pick<Store['anomalies'], 'get' | 'list'> };

/** Counts an anomaly for each detector; one in which the detectors were not asked is left out. */
function count(anomaly: Anomaly | null, real: boolean, into: Map<string, MemberEvidence>, weight = 1): void {
  for (const { detector, agrees } of anomaly?.members ?? []) {
    const { right, wrong } = into.get(detector) ?? { right: 0, wrong: 0 };
    const isRight = agrees === real;
    into.set(detector, { right: right + weight * Number(isRight), wrong: wrong + weight * Number(!isRight) });
  }
}

/** What most of the detectors that were asked say; null when there are too few, or as many for as against. */
function majority({ members }: Anomaly): boolean | null {
  const voices = members ?? [];
  const agreeing = voices.filter(({ agrees }) => agrees).length;
  return voices.length < LEAST_VOICES || 2 * agreeing === voices.length ? null : 2 * agreeing > voices.length;
}

/** Anomalies that people gave this verdict. */
async function judged(store: Reads, verdict: Feedback['verdict']): Promise<ReadonlySet<string>> {
  const found: Feedback[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.feedback.list({ limit: PAGE, cursor, verdict, standing: true });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && found.length < MOST);
  const ids = found.flatMap((one) => one.anomalies ?? (one.target === 'anomaly' ? [one.targetId] : []));
  return new Set([...new Set(ids)].slice(0, MOST));
}

/** Anomalies that a failure of their entity followed: those that had begun within the hour before it. */
async function followed(store: Reads): Promise<ReadonlyMap<string, Anomaly>> {
  const failures = await store.failures.list({ limit: MOST_FAILURES, cursor: null });
  const before = new Map<string, Anomaly>();
  for (const { entity, start } of failures.items) {
    const range = { from: start - FOLLOWED_MS, to: start };
    const { items } = await store.anomalies.list({ limit: MOST_BEFORE, cursor: null, entity, range });
    for (const anomaly of items) if (anomaly.kind !== 'missing') before.set(anomaly.id, anomaly);
  }
  return before;
}

/**
 * What people's verdicts, failures that followed, and the agreement of the detectors among each other say of each. A person's
 * word goes before a failure, and a failure before agreement.
 */
export async function memberEvidence(store: Reads): Promise<ReadonlyMap<string, MemberEvidence>> {
  const evidence = new Map<string, MemberEvidence>();
  const said = new Set<string>();
  for (const verdict of ['real', 'false_alarm'] as const)
    for (const id of await judged(store, verdict)) {
      said.add(id);
      count(await store.anomalies.get(id), verdict === 'real', evidence);
    }
  for (const [id, anomaly] of await followed(store)) {
    if (!said.has(id)) count(anomaly, true, evidence);
    said.add(id);
  }
  const warned = await store.anomalies.list({ limit: MOST_UNKNOWN, cursor: null, atLeast: 'warning' });
  const unknown = warned.items.filter((anomaly) => !said.has(anomaly.id) && majority(anomaly) !== null);
  const weight = Math.min(AGREEMENT, MOST_AGREEMENT / unknown.length);
  for (const anomaly of unknown) count(anomaly, majority(anomaly) === true, evidence, weight);
  return evidence;
}

/**
 * By how much a detector's word is worth more or less than before: 1 without evidence, at most 2, and never less than
 * a quarter. The share of times that it was right, drawn towards one half by a few that are made up.
 */
export function trustOf({ right, wrong }: MemberEvidence): number {
  const share = (right + DOUBT) / (right + wrong + 2 * DOUBT);
  return Math.max(FLOOR, 2 * share);
}

/** The trust in every detector of which something is known. */
export async function memberTrust(store: Reads): Promise<Record<string, number>> {
  return Object.fromEntries([...(await memberEvidence(store))].map(([kind, evidence]) => [kind, trustOf(evidence)]));
}
