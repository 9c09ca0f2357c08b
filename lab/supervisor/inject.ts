import { CALM_CONFIG, CALM_PLACE, type InnerFault, type Place } from '../messages.ts';
import { type FaultKind, type FaultPlan, RULES } from '../world.ts';
import type { Supervisor } from './supervisor.ts';

const TICK_MS = 1000;
/** What each comes to in the end; the simulator has the same. */
const SLOW_STORAGE_MS = 1500;
const BAD_CONFIG_MS = 900;
const DEADLY = 0.05;
const LOG_LINES = 110;

const INNER: readonly InnerFault[] = [
  'memory-leak',
  'event-loop-block',
  'fd-leak',
  'pool-exhaustion',
  'disk-filling',
  'clock-skew',
];

export interface InjectDeps {
  readonly supervisor: Supervisor;
  /** Requests a second beyond those of the hour. */
  readonly surge: (rate: number) => void;
}

/** Settings that get worse step by step, until somebody rolls them back. */
function worseSettings({ kind, service }: FaultPlan, supervisor: Supervisor): (grown: number) => void {
  let begun = false;
  return (grown) => {
    if (begun && !supervisor.isConfigured(service)) return;
    begun = true;
    const batchWaitMs = kind === 'bad-config' ? BAD_CONFIG_MS * grown ** 2 : 0;
    const logLines = kind === 'log-storm' ? 1 + Math.round(LOG_LINES * grown) : CALM_CONFIG.logLines;
    supervisor.configure(service, { batchWaitMs, logLines });
  };
}

type Grow = (grown: number) => void;

/** What is wrong with the place of one replica, until it stands in another. */
function worsePlace(plan: FaultPlan, { supervisor }: InjectDeps, at: (grown: number) => Place): Grow {
  const member = supervisor.membersOf(plan.service)[(plan.replica ?? 1) - 1];
  const moves = member?.moves ?? 0;
  return (grown) => member?.setPlace(at(grown), moves);
}

/** What grows outside of processes, by how far it has come, 0 to 1; the others grow in the process itself. */
const outside: Partial<Record<FaultKind, (plan: FaultPlan, deps: InjectDeps) => Grow>> = {
  'slow-dependency': (plan, deps) =>
    worsePlace(plan, deps, (grown) => ({ ...CALM_PLACE, storageMs: 1 + SLOW_STORAGE_MS * grown ** 2 })),
  partition: (plan, deps) => worsePlace(plan, deps, (grown) => ({ ...CALM_PLACE, severed: grown })),
  'crash-loop':
    ({ service }, { supervisor }) =>
    (grown) =>
      supervisor.setDeadly(service, DEADLY * grown),
  'bad-config': (plan, { supervisor }) => worseSettings(plan, supervisor),
  'log-storm': (plan, { supervisor }) => worseSettings(plan, supervisor),
  'traffic-surge':
    (_, { surge }) =>
    (grown) =>
      surge(grown * (RULES.surgeRate - RULES.meanRate)),
};

/** Lets a fault into the lab and grow; `stop` ends its growth and takes away a surge, the rest is for a reset to undo. */
export function injectFault(plan: FaultPlan, deps: InjectDeps): { stop(): void } {
  const { kind, service, replica, growthS } = plan;
  const { supervisor, surge } = deps;
  const began = Date.now();
  const inner = INNER.find((known) => known === kind);
  if (inner) supervisor.membersOf(service)[(replica ?? 1) - 1]?.strike(inner, growthS);
  // It resolves when the last replica runs the new version; dying begins with the first.
  const deployed = kind === 'crash-loop' ? supervisor.deploy(service, 'v2') : Promise.resolve();
  // A roll-out that is overtaken by a reset is no failure of the lab.
  deployed.catch(() => undefined);
  const grow = outside[kind]?.(plan, deps);
  const step = (): void => grow?.(Math.min(1, (Date.now() - began) / 1000 / growthS));
  step();
  const timer = setInterval(step, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      if (kind === 'traffic-surge') surge(0);
    },
  };
}
