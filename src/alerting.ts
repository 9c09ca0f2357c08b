import type { AlertingView } from './api/contract/alerting.ts';
import type { Config } from './config/schema.ts';
import { allPots, potsFor } from './config/settings-for.ts';
import { type TopologyOptions, TopologyKeeper } from './correlate/topology-keeper.ts';
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
import type { Duties } from './model/duty.ts';
import type { Service } from './model/service.ts';
import type { StageName } from './model/stage.ts';
import type { TopologyGraph } from './model/topology-graph.ts';
import type { Clock } from './runtime/clock.ts';
import { createLoop } from './runtime/loop.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import { createEntityServices } from './store/entity-services.ts';
import type { FencedStores, Store } from './store/store.ts';

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
  readonly topologyOptions: TopologyOptions;
  /** The stage is made with what alerting gives it, so it is asked for when it is there; null in another process. */
  readonly detect: () => DetectStage | null;
  /** Which stages this process has. */
  readonly stages: ReadonlySet<StageName>;
  readonly duties: Duties<FencedStores>;
  /** Whether other processes work on the same store. */
  readonly shared: boolean;
}

/** How often entities are counted, and what others have changed is looked for. */
const COUNT_MS = 30_000;
const LOOK_MS = 10_000;
const ADOPT_MS = 5000;
/** What was called normal so long ago has been learnt by now, or is over. */
const ADOPTED_WITHIN_MS = 3_600_000;

/** What decides over what reaches people: budgets, thresholds, noise, and what people said. */
export interface Alerting {
  /** To be started before detect. */
  readonly services: readonly Service[];
  /** How many entities all processes watch together; 0 when this one is alone. */
  readonly population: () => number;
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

/** What everybody watches together: the budget is shared by all of them, whoever watches them. */
function createPopulation({ store, clock, log }: AlertingDeps): Service & { readonly size: () => number } {
  let size = 0;
  const count = async (): Promise<void> => {
    size = (await store.frames.newest()).size;
  };
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'entities are counted again later');
  const loop = createLoop({ name: 'population', everyMs: COUNT_MS, work: count, clock, failed });
  return { ...loop, size: () => size };
}

/** The topology for the past to be played with, where correlate is another process. */
function createTopologyWatch(deps: AlertingDeps): Service & { readonly graph: () => TopologyGraph | null } {
  const { clock, log, topologyOptions: options } = deps;
  const keeper = new TopologyKeeper({ ...deps, options });
  let graph: TopologyGraph | null = null;
  const look = async (): Promise<void> => {
    graph = (await keeper.news()) ?? graph;
  };
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'the topology is read again later');
  const loop = createLoop({ name: 'topology', everyMs: LOOK_MS, work: look, clock, failed });
  return { ...loop, graph: () => graph };
}

/** What was called the new normal in another process is learnt where it is open. Doing so twice changes nothing. */
function createAdoptions({ store, clock, log, detect }: AlertingDeps): Service {
  const adopt = async (): Promise<void> => {
    const range = { from: clock.now() - ADOPTED_WITHIN_MS, to: clock.now() + ADOPTED_WITHIN_MS };
    const { items } = await store.feedback.list({
      limit: 100,
      cursor: null,
      verdict: 'expected',
      standing: true,
      range,
    });
    for (const { adopted, by } of items)
      for (const anomaly of adopted ?? []) if (detect()?.latest(anomaly)) await detect()?.adopt(anomaly, by);
  };
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'the new normal is learnt later');
  return createLoop({ name: 'adoptions', everyMs: ADOPT_MS, work: adopt, clock, failed });
}

export function createAlerting(deps: AlertingDeps): Alerting {
  const { config, store, grouping, detect, stages, shared, duties } = deps;
  const here = stages.has('detect');
  const population = createPopulation(deps);
  const topology = createTopologyWatch(deps);
  const services = createEntityServices({
    ...deps,
    store: store.entities,
    wanted: () => config.overrides.some(({ match }) => match.service !== undefined) || book.asksForServices(),
  });
  const potsOf = potChoice(deps, (entity) => services.of(entity));
  const book: RuleBook = createRuleBook({
    ...deps,
    serviceOf: (entity) => services.of(entity),
    retell: async (concerns) => detect()?.retell(concerns),
    changed: () => keeper.invalidate(),
  });
  const keeper = createThresholdKeeper({
    ...deps,
    path: createAlertPath(grouping, () => deps.topology() ?? topology.graph()),
    potsOf,
    hides: (anomaly) => book.hides(anomaly),
    mine: async () => here && (await duties.mine('thresholds')),
  });
  return {
    services: [
      ...(here && shared ? [population, createAdoptions(deps)] : []),
      ...(here && !stages.has('correlate') ? [topology] : []),
      ...(here || stages.has('api') ? [keeper] : []),
      services,
      ...(here || stages.has('api') ? [book] : []),
    ],
    population: population.size,
    potsOf,
    thresholds: keeper.thresholdsFor.bind(keeper),
    // What people say goes before what noise says.
    review: (anomaly) => book.review(keeper.restrain(anomaly)),
    serviceOf: (entity) => services.of(entity),
    onEntities: (entities) => services.note(entities),
    feedback: createFeedbackDesk({
      ...deps,
      book,
      adopt: async (anomaly, by) => (await detect()?.adopt(anomaly, by)) ?? null,
      latest: (anomaly) => detect()?.latest(anomaly) ?? null,
    }),
    view: () => viewOf(deps, keeper),
  };
}
