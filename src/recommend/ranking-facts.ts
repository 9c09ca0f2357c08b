import type { Outcome, Verdict } from '../model/action.ts';
import { targetOf } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import type { Incident } from '../model/incident.ts';
import { VigiaError } from '../runtime/errors.ts';
import { stableId } from '../runtime/ids.ts';
import type { EvidenceBook } from './evidence-book.ts';
import { failureKindsOf, gatherContext, policyContext } from './policy-context.ts';
import type { GuardView, RankingFacts, Tally } from './rank-actions.ts';
import type { RecommendDeps } from './recommend-stage.ts';

const DAY_MS = 86_400_000;
const MAX_OUTCOMES = 200;

type Fitting = readonly { readonly action: string; readonly entity: EntityId }[];

async function mayExplore({ store, clock, explorationsPerDay }: RecommendDeps, { id }: Incident): Promise<boolean> {
  const perDay = explorationsPerDay?.() ?? 0;
  return perDay > 0 && (await store.decisions.explored(clock.now() - DAY_MS, id)) < perDay;
}

async function askGuards({ guard, log }: RecommendDeps, incident: Incident, fitting: Fitting) {
  const found = new Map<string, GuardView>();
  if (guard === undefined) return found;
  for (const { action, entity } of fitting) {
    try {
      found.set(action, await guard(action, entity, incident.id));
    } catch (thrown) {
      if (!(thrown instanceof VigiaError) || thrown.retryable) throw thrown;
      log.debug({ action, entity, err: thrown.message }, 'guardrails know nothing of this');
    }
  }
  return found;
}

/** Verdicts so far by action and kind of entity. */
async function tallies({ store }: RecommendDeps): Promise<RankingFacts['tally']> {
  const counts = new Map<string, Partial<Record<Verdict, number>>>();
  for (const { action, entityKind, verdict, count } of await store.outcomes.tally()) {
    const key = `${action} ${entityKind}`;
    counts.set(key, { ...counts.get(key), [verdict]: count });
  }
  return (action, kind): Tally => counts.get(`${action} ${kind}`) ?? {};
}

async function lastStarts({ store }: RecommendDeps, fitting: Fitting): Promise<RankingFacts['lastStart']> {
  const starts = await Promise.all(fitting.map((pair) => store.runs.lastStart(pair)));
  const known = new Map(fitting.map(({ action, entity }, i) => [`${action} ${entity}`, starts[i] ?? null]));
  return (action, entity) => known.get(`${action} ${entity}`) ?? null;
}

/** A number of [0, 1) that is the same as long as nothing more was tried, however often it is looked at again. */
const drawFor = ({ id, reopened }: Incident, tried: number): number =>
  Number.parseInt(stableId('draw', id, reopened, tried).slice('draw_'.length, 'draw_'.length + 12), 16) / 2 ** 48;

/** When an action was last found to have helped, Unix ms, by the entity it was carried out on. */
function settledBy(outcomes: readonly Outcome[]): ReadonlyMap<EntityId, number> {
  const settled = new Map<EntityId, number>();
  for (const { entity, verdict, decidedAt } of outcomes)
    if (verdict === 'resolved') settled.set(entity, Math.max(decidedAt, settled.get(entity) ?? 0));
  return settled;
}

/** Looks up everything that a ranking rests on, so that the ranking itself is a function. */
export async function gatherRankingFacts(
  deps: RecommendDeps,
  incident: Incident,
  book: EvidenceBook | null,
): Promise<RankingFacts> {
  const { store, clock, catalogue, modeOf, stopped, newsMs } = deps;
  const known = await gatherContext(store, incident, newsMs);
  const failureKinds = failureKindsOf(known.predictions);
  const { items: here } = await store.outcomes.list({ incident: incident.id, limit: MAX_OUTCOMES, cursor: null });
  const evidence = catalogue.length === 0 ? undefined : await book?.of(incident, settledBy(here));
  const seen = { failureKinds, ...(evidence !== undefined && { evidence }) };
  const fitting = catalogue.flatMap((action) => {
    const entity = targetOf(action, { ...incident, ...seen });
    return entity === null ? [] : [{ action: action.id, entity }];
  });
  const [tally, lastStart, guards, explores] = await Promise.all([
    tallies(deps),
    lastStarts(deps, fitting),
    askGuards(deps, incident, fitting),
    mayExplore(deps, incident),
  ]);
  const now = clock.now();
  return {
    now,
    context: policyContext(incident, { ...known, outcomes: here, now }),
    guard: (action) => guards.get(action),
    ...(explores && { draw: drawFor(incident, here.length) }),
    catalogue,
    ...seen,
    modeOf,
    stopped: stopped(),
    tally,
    lastStart,
    triedHere: (action, entity) =>
      here
        .filter((one) => one.action === action && (one.entity === entity || one.verdict === 'harmful'))
        .map(({ verdict }) => verdict),
  };
}
