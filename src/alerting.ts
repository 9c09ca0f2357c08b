import type { AlertingView } from './api/contract/alerting.ts';
import type { Config } from './config/schema.ts';
import { allPots, potsFor } from './config/settings-for.ts';
import { createAlertPath } from './correlate/budget/simulate-path.ts';
import { NOISE_MS } from './detect/budget/feature-noise.ts';
import { createThresholdKeeper, type ThresholdKeeper } from './detect/budget/threshold-keeper.ts';
import type { DetectStage } from './detect/detect-stage.ts';
import { createFeedbackDesk } from './learn/feedback/feedback-desk.ts';
import { createRuleBook, type RuleBook } from './learn/feedback/rule-book.ts';
import type { AlertBudget, AlertPots, AlertSubject } from './model/alert.ts';
import type { Anomaly } from './model/anomaly.ts';
import { type Entity, type EntityId, parseEntityId } from './model/entity.ts';
import type { FeedbackPort } from './model/feedback-request.ts';
import type { Service } from './model/service.ts';
import type { TopologyGraph } from './model/topology-graph.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import { createEntityServices } from './store/entity-services.ts';
import type { Store } from './store/store.ts';

export interface AlertingDeps {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly alertBudget: () => AlertBudget;
  /** How correlate groups, for the past to be played as it would. */
  readonly grouping: Parameters<typeof createAlertPath>[0];
  readonly topology: () => TopologyGraph | null;
  /** The stage is made with what alerting gives it, so it is asked for when it is there. */
  readonly detect: () => DetectStage;
}

/** What decides over what reaches people: budgets, thresholds, noise, and what people said. */
export interface Alerting {
  /** To be started before detect. */
  readonly services: readonly Service[];
  readonly potsOf: (subject: AlertSubject) => AlertPots;
  readonly thresholds: ThresholdKeeper['thresholdsFor'];
  readonly review: (anomaly: Anomaly) => Anomaly;
  readonly serviceOf: (entity: EntityId) => string | null;
  readonly onEntities: (entities: readonly Entity[]) => void;
  readonly feedback: FeedbackPort;
  readonly view: () => Promise<AlertingView>;
}

/** Pots are asked for with every frame, so overrides that set no budget are left out once. */
function potChoice({ config, alertBudget }: AlertingDeps, serviceOf: (entity: EntityId) => string | null) {
  const overrides = config.overrides.filter(({ set }) => set.alertBudget !== undefined);
  const short = { ...config, overrides };
  return ({ entity, kind: anomaly }: AlertSubject): AlertPots => {
    const service = overrides.length === 0 ? null : serviceOf(entity);
    const { kind } = parseEntityId(entity);
    const known = { ...(service !== null && { service }), ...(anomaly !== '' && { anomaly }) };
    return potsFor(short, alertBudget(), { entity, kind, ...known });
  };
}

async function viewOf(
  { config, store, clock, alertBudget }: AlertingDeps,
  keeper: ThresholdKeeper,
): Promise<AlertingView> {
  const now = clock.now();
  const pots = allPots(config, alertBudget()).map(async ({ line, pot: { pot, count, windowMs } }) => ({
    pot,
    line,
    limit: count,
    used: await store.alerts.used({ pot, line, since: now - windowMs }),
    windowSeconds: Math.round(windowMs / 1000),
  }));
  return {
    pots: await Promise.all(pots),
    thresholds: keeper.solved().map(({ pots: { pages, warnings }, solved, solvedAt }) => ({
      pots: { pages: pages.pot, warnings: warnings.pot },
      warning: solved.thresholds.warning,
      critical: solved.thresholds.critical,
      how: solved.how,
      days: solved.days,
      check: solved.check,
      solvedAt,
    })),
    noise: { since: now - NOISE_MS, items: [...keeper.noise()] },
  };
}

export function createAlerting(deps: AlertingDeps): Alerting {
  const { config, store, grouping, topology, detect } = deps;
  const services = createEntityServices({
    ...deps,
    store: store.entities,
    wanted: () => config.overrides.some(({ match }) => match.service !== undefined) || book.asksForServices(),
  });
  const potsOf = potChoice(deps, (entity) => services.of(entity));
  const book: RuleBook = createRuleBook({
    ...deps,
    serviceOf: (entity) => services.of(entity),
    retell: (concerns) => detect().retell(concerns),
    changed: () => keeper.invalidate(),
  });
  const keeper = createThresholdKeeper({
    ...deps,
    path: createAlertPath(grouping, topology),
    potsOf,
    hides: (anomaly) => book.hides(anomaly),
  });
  return {
    services: [keeper, services, book],
    potsOf,
    thresholds: (entity, entities) => keeper.thresholdsFor(entity, entities),
    // What people say goes before what noise says.
    review: (anomaly) => book.review(keeper.restrain(anomaly)),
    serviceOf: (entity) => services.of(entity),
    onEntities: (entities) => services.note(entities),
    feedback: createFeedbackDesk({
      ...deps,
      book,
      adopt: (anomaly, by) => detect().adopt(anomaly, by),
      latest: (anomaly) => detect().latest(anomaly),
    }),
    view: () => viewOf(deps, keeper),
  };
}
