import type { Bus } from '../../src/bus/bus.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { StageName } from '../../src/model/stage.ts';
import { topics } from '../../src/model/topics.ts';
import { createPipeline, type Pipeline, type PipelineDeps } from '../../src/pipeline.ts';
import { randomIds } from '../../src/runtime/ids.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { createStore } from '../../src/store/create-store.ts';
import { allDuties } from '../../src/store/duties.ts';
import { openMemoryDatabase } from '../../src/store/memory-database.ts';
import type { Store } from '../../src/store/store.ts';
import { createSimClock, type SimClock } from './sim-clock.ts';
import { frameOf, simulatedStore, type States } from './sim-store.ts';
import type { Simulation } from './simulate.ts';

/** The stages that take part; what collects, prepares, predicts and acts has nothing to say of a simulated frame. */
const STAGES: ReadonlySet<StageName> = new Set(['detect', 'learn', 'correlate'] as const);
/** Services of theirs that have anything to do: thresholds are solved from the history of the month, hour by hour, as in the product. */
const STARTED: ReadonlySet<string> = new Set([...STAGES, 'thresholds']);

/** What the stages made of it. */
export interface Verdicts {
  /** Every incident, as it was last. */
  readonly incidents: readonly Incident[];
  /** Every anomaly, as it was last. */
  readonly anomalies: ReadonlyMap<string, Anomaly>;
  /** Everything that reached people: when, and which incident. */
  readonly alerts: readonly { readonly time: number; readonly incident: string; readonly line: 'pages' | 'warnings' }[];
  /** Milliseconds that the frames of each step took to go through all stages, what they brought included. */
  readonly stepMs: Float64Array;
  /** What a restart of detect would go on from, by entity. */
  readonly states: States;
}

/** Sends a simulated month through the real stages: frames and events in, incidents out, with the default configuration. */
export async function drive(
  simulation: Simulation,
  onStep: (end: number, detect: Pipeline['detect']) => void = () => undefined,
): Promise<Verdicts> {
  const { span, lives, events } = simulation;
  const { clock, store, bus, states, detect, start, stop } = await compose(simulation);
  const incidents = new Map<string, Incident>();
  const anomalies = new Map<string, Anomaly>();
  await bus.subscribe(topics.incidents, 'bench', async (batch) => {
    for (const { value } of batch) incidents.set(value.id, value);
  });
  await bus.subscribe(topics.anomalies, 'bench', async (batch) => {
    for (const { value } of batch) anomalies.set(value.id, value);
  });
  await start();
  const stepMs = new Float64Array(span.steps);
  let told = 0;
  for (let step = 0; step < span.steps; step++) {
    const end = span.start + (step + 1) * span.stepMs;
    await clock.advance(end);
    const from = told;
    while (told < events.length && events[told]!.time < end) told += 1;
    const happened = events.slice(from, told);
    if (happened.length > 0) {
      await store.events.append(happened);
      await bus.publish(topics.events, keyed(happened));
    }
    const here = lives.filter(({ absent }) => absent[step] === 0).map((life) => frameOf(life, step));
    const started = performance.now();
    await bus.publish(topics.frames, keyed(here));
    stepMs[step] = performance.now() - started;
    onStep(end, detect);
  }
  const alerts = (await store.alerts.since(0, 100_000)).toSorted((a, b) => a.time - b.time);
  await stop();
  return { incidents: [...incidents.values()], anomalies, alerts, stepMs, states };
}

const keyed = <T extends { readonly entity: string }>(values: readonly T[]) =>
  values.map((value) => ({ key: value.entity, value }));

interface Running {
  readonly clock: SimClock;
  readonly store: Store;
  readonly bus: Bus;
  readonly states: States;
  readonly detect: Pipeline['detect'];
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The stages on a bus, a store and a clock of their own. */
async function compose(simulation: Simulation): Promise<Running> {
  const { span } = simulation;
  const clock = createSimClock(span.start);
  const metrics = createMetrics();
  const stored = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  const states: States = new Map();
  const store = simulatedStore(stored, { simulation, clock, states });
  const bus = settled(createMemoryBus({ clock, log: silentLog, metrics, deadLetters: buried }));
  const pipeline = pipelineOver({ bus, store, clock, metrics }, simulation);
  const services = pipeline.services.filter(({ name }) => STARTED.has(name));
  return {
    clock,
    store,
    bus,
    states,
    detect: pipeline.detect,
    start: async () => {
      await know(simulation, store);
      for (const service of services.toReversed()) await service.start();
    },
    stop: async () => {
      for (const service of services) await service.stop();
      // With nothing queued a stop has nothing to wait for; the clock stands, so it could not.
      const stopping = bus.stop(0);
      await clock.advance(clock.now() + 1);
      await stopping;
      await store.close();
    },
  };
}

function pipelineOver(
  parts: Pick<PipelineDeps, 'bus' | 'store' | 'clock' | 'metrics'>,
  { fleet, span }: Simulation,
): Pipeline {
  const loaded = loadConfig(null, {
    VIGIA_STEP: `${span.stepMs}ms`,
    VIGIA_TOPOLOGY: JSON.stringify(fleet.edges),
  });
  if (!loaded.ok) throw new Error('the default configuration has a mistake');
  const { alertBudget, language } = loaded.config;
  const settings = {
    language,
    killSwitch: false,
    alertBudget: { pages: alertBudget.pages.count, warnings: alertBudget.warnings.count },
    modes: {},
  };
  return createPipeline({
    ...parts,
    stages: STAGES,
    duties: allDuties(parts.store),
    shared: false,
    place: null,
    instance: 'bench',
    mine: () => true,
    config: loaded.config,
    ids: randomIds,
    log: silentLog,
    settings: () => settings,
    secret: () => null,
    onRun: () => undefined,
  });
}

/** Writes down who there is, as collect would. */
async function know({ fleet, span }: Simulation, store: Store): Promise<void> {
  const seen = { firstSeen: span.start, lastSeen: span.start };
  await store.entities.upsert(
    fleet.entities.map(({ id, kind }) =>
      Object.assign({ id, kind, name: id.slice(kind.length + 1), fleet: 'default', labels: {} }, seen),
    ),
  );
}

/** Waits until every group has committed what is published, so that a step is over when its `publish` is. */
const settled = (bus: Bus): Bus => ({
  start: () => bus.start(),
  stop: (timeoutMs) => bus.stop(timeoutMs),
  subscribe: (topic, group, handler, options) => bus.subscribe(topic, group, handler, options),
  publish: (topic, messages) => bus.publish(topic, messages, { durable: true }),
});

async function buried({ reason }: { readonly reason: string }): Promise<void> {
  throw new Error(`a message could not be processed: ${reason}`);
}
