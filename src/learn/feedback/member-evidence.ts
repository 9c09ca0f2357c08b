import type { Feedback } from '../../model/failure.ts';
import type { Store } from '../../store/store.ts';

/** How often a detector was right and wrong by what people said: it agreed with what was real, or with a false alarm. */
export interface MemberEvidence {
  readonly right: number;
  readonly wrong: number;
}

const PAGE = 200;
/** Judged anomalies that are looked at, the newest. */
const MOST = 500;
/** Before anybody says anything a detector counts as if it had been right four times and wrong four times. */
const DOUBT = 4;
/** However often it was wrong, its word counts for something, so that it may be right again. */
const FLOOR = 0.25;

type Anomalies = Pick<Store['anomalies'], 'get'>;

/** Counts over the anomalies that feedback judged, by detector; anomalies in which the detectors were not asked are left out. */
async function tally(
  found: readonly Feedback[],
  anomalies: Anomalies,
  real: boolean,
  into: Map<string, MemberEvidence>,
) {
  let read = 0;
  for (const id of new Set(found.flatMap((one) => one.anomalies ?? (one.target === 'anomaly' ? [one.targetId] : [])))) {
    if (++read > MOST) return;
    for (const { detector, agrees } of (await anomalies.get(id))?.members ?? []) {
      const { right, wrong } = into.get(detector) ?? { right: 0, wrong: 0 };
      const isRight = agrees === real;
      into.set(detector, { right: right + Number(isRight), wrong: wrong + Number(!isRight) });
    }
  }
}

/** What people's verdicts say of each detector. */
export async function memberEvidence(
  store: Pick<Store, 'feedback'> & { readonly anomalies: Anomalies },
): Promise<ReadonlyMap<string, MemberEvidence>> {
  const evidence = new Map<string, MemberEvidence>();
  for (const verdict of ['real', 'false_alarm'] as const) {
    const found: Feedback[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.feedback.list({ limit: PAGE, cursor, verdict, standing: true });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== null && found.length < MOST);
    await tally(found, store.anomalies, verdict === 'real', evidence);
  }
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

/** The trust in every detector of which people's verdicts say something. */
export async function memberTrust(store: Parameters<typeof memberEvidence>[0]): Promise<Record<string, number>> {
  return Object.fromEntries([...(await memberEvidence(store))].map(([kind, evidence]) => [kind, trustOf(evidence)]));
}
