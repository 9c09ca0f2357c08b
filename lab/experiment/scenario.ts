import { parse } from 'yaml';
import { createDraws } from '../draws.ts';
import { FAULTS } from '../fault-catalogue.ts';
import { FAULT_KINDS, type FaultKind, type FaultPlan, RULES, SERVICES, TOPOLOGY } from '../world.ts';

/** What an experiment does, the same in every arm. */
export interface Scenario {
  readonly name: string;
  /** Of users, and of faults that are drawn. */
  readonly seed: number;
  /** Quiet time at the beginning, s: whoever watches learns what is normal. */
  readonly warmUpS: number;
  /** Quiet time after each fault and its reset, s. */
  readonly calmS: number;
  /** Time from the beginning of a fault until it is removed, s; that of the rules unless a test is in a hurry. */
  readonly faultS: number;
  readonly plans: readonly FaultPlan[];
}

/** Says what is wrong with a scenario file, and where. */
export class ScenarioError extends Error {}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise?: number;
}

function numberOf(of: Readonly<Record<string, unknown>>, key: string, { least, most, otherwise }: Bounds): number {
  const value = of[key] ?? otherwise;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new ScenarioError(`${key}: a number from ${least} to ${most}`);
}

/** Every kind comes before any comes again; where and how fast is drawn. */
export function drawPlans(count: number, seed: number): readonly FaultPlan[] {
  const draw = createDraws(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)]!;
  const plans: FaultPlan[] = [];
  let left: FaultKind[] = [];
  while (plans.length < count) {
    if (left.length === 0) left = [...FAULT_KINDS];
    const kind = pick(left);
    left = left.filter((other) => other !== kind);
    const { at, services } = FAULTS[kind];
    const service = pick(services);
    const replica = at === 'service' ? null : 1 + Math.floor(draw() * TOPOLOGY[service].replicas);
    const { least, most } = RULES.growthS;
    plans.push({ kind, service, replica, growthS: Math.round(least + draw() * (most - least)) });
  }
  return plans;
}

function planOf(written: unknown, index: number): FaultPlan {
  const where = `faults[${index}]`;
  if (!isRecord(written)) throw new ScenarioError(`${where}: kind, service, replica and growthS`);
  const kind = FAULT_KINDS.find((known) => known === written['kind']);
  if (kind === undefined) throw new ScenarioError(`${where}.kind: one of ${FAULT_KINDS.join(', ')}`);
  const { at, services } = FAULTS[kind];
  const service = SERVICES.find((known) => known === written['service']);
  if (service === undefined || !services.includes(service)) {
    throw new ScenarioError(`${where}.service: one of ${services.join(', ')}`);
  }
  const growthS = numberOf(written, 'growthS', { least: 5, most: 600 });
  const most = TOPOLOGY[service].replicas;
  const replica = at === 'service' ? null : numberOf(written, 'replica', { least: 1, most });
  return { kind, service, replica, growthS };
}

/** Reads a scenario. `faults` is a list of faults, or `{count}` of faults that are drawn. Throws ScenarioError. */
export function parseScenario(text: string): Scenario {
  let read: unknown;
  try {
    read = parse(text);
  } catch (thrown) {
    throw new ScenarioError(thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : 'not YAML');
  }
  if (!isRecord(read)) throw new ScenarioError('name, seed, warmUpS, calmS and faults');
  const { name, faults } = read;
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,40}$/.test(name)) throw new ScenarioError('name: small letters');
  const seed = numberOf(read, 'seed', { least: 0, most: 2 ** 32 - 1 });
  const plans = isRecord(faults)
    ? drawPlans(numberOf(faults, 'count', { least: 1, most: 1000 }), seed)
    : Array.isArray(faults)
      ? faults.map(planOf)
      : null;
  if (plans === null) throw new ScenarioError('faults: a list, or {count: 20}');
  return {
    name,
    seed,
    warmUpS: numberOf(read, 'warmUpS', { least: 0, most: 3600 }),
    calmS: numberOf(read, 'calmS', { least: 0, most: 3600 }),
    faultS: numberOf(read, 'faultS', { least: 10, most: 3600, otherwise: RULES.faultS }),
    plans,
  };
}
