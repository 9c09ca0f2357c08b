import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startStaticArm } from '../arms/static-arm.ts';
import { startVigia, type VigiaProcess } from '../arms/vigia-process.ts';
import type { Second } from '../messages.ts';
import { type RunningLab, startLab } from '../running-lab.ts';
import type { FaultPlan } from '../world.ts';
import { readProgress, writeProgress } from './progress.ts';
import type { Scenario } from './scenario.ts';
import { doneAction, type FaultRecord, type Sign, visibleFrom } from './tally.ts';

export const ARMS = ['none', 'static', 'vigia'] as const;
export type Arm = (typeof ARMS)[number];

export interface ArmOptions {
  readonly scenario: Scenario;
  readonly arm: Arm;
  /** Where the report goes, and how far it has come. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (done: number, of: number, what: string) => void;
}

/** All of an arm, with what was quiet before its faults. */
export interface ArmRecord {
  readonly scenario: string;
  readonly seed: number;
  readonly arm: Arm;
  /** Version of the policy that decided; null where nothing decides by one. */
  readonly policy: string | null;
  /** Quiet time that was watched, s, and what was predicted in it. */
  readonly quietS: number;
  readonly quietSigns: readonly Sign[];
  readonly faults: readonly FaultRecord[];
}

/** The users' process tells a second only when nobody of it can still be waiting. */
const TOLD_AFTER_MS = 5500;

interface Bench {
  readonly lab: RunningLab;
  readonly vigia: VigiaProcess | null;
  readonly seconds: Map<number, Second>;
  stop(): Promise<void>;
}

async function setUp({ scenario, arm }: ArmOptions, root: string): Promise<Bench> {
  const seconds = new Map<number, Second>();
  let vigia: VigiaProcess | null = null;
  const lab = await startLab({
    root,
    seed: scenario.seed,
    onSecond: (second) => seconds.set(second.second, second),
    onEvent: (event) => vigia?.tell(event),
  });
  const stops: (() => Promise<void> | void)[] = [() => lab.stop()];
  if (arm === 'static') {
    const watch = startStaticArm(lab.supervisor, (entity) => lab.api.ask('restart', entity, 'static'));
    stops.unshift(() => watch.stop());
  }
  if (arm !== 'static') {
    // Without action it watches all the same: what it predicts is judged where nothing is done about it.
    const mode = arm === 'vigia' ? 'auto' : 'observe';
    const options = { adminUrl: lab.api.url, port: 0, mode, language: 'en' } as const;
    vigia = await startVigia(root, options).catch(async (thrown: unknown) => {
      await lab.stop();
      throw thrown;
    });
    stops.unshift(() => vigia?.stop());
  }
  return {
    lab,
    vigia,
    seconds,
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}

const sum = (of: readonly Second[], read: (second: Second) => number): number =>
  of.reduce((total, second) => total + read(second), 0);

/** One fault from its beginning to its removal. The lab is reset afterwards. */
async function runFault(bench: Bench, plan: FaultPlan, index: number, options: ArmOptions): Promise<FaultRecord> {
  const { lab, vigia, seconds } = bench;
  const { scenario, signal } = options;
  const beganAt = Date.now();
  const actionsBefore = lab.api.actions.length;
  const from = lab.secondAt(beganAt);
  const injection = lab.inject(plan);
  try {
    await delay(scenario.faultS * 1000, undefined, { signal });
  } finally {
    injection.stop();
  }
  const to = lab.secondAt(Date.now());
  const signs = (await vigia?.signsSince(beganAt)) ?? [];
  // What has stopped automation is over with the fault: whoever resets the lab resets the circuit breaker.
  await Promise.all([lab.supervisor.reset(), vigia?.resetBreaker(), delay(TOLD_AFTER_MS, undefined, { signal })]);
  const own = [...seconds.values()].filter(({ second }) => second >= from && second < to);
  return {
    index,
    plan,
    requests: sum(own, ({ requests }) => requests),
    failed: sum(own, ({ failed }) => failed),
    slow: sum(own, ({ slow }) => slow),
    visibleS: visibleFrom(own),
    actions: lab.api.actions.slice(actionsBefore).map((record) => doneAction(plan, beganAt, record)),
    signs,
  };
}

async function goOn(bench: Bench, options: ArmOptions, before: ArmRecord): Promise<ArmRecord> {
  const { scenario, signal, folder, progress } = options;
  const quietFrom = Date.now();
  progress(before.faults.length, scenario.plans.length, 'quiet');
  await delay(scenario.warmUpS * 1000, undefined, { signal });
  const quietSigns = (await bench.vigia?.signsSince(quietFrom)) ?? [];
  const faults = [...before.faults];
  const begun: ArmRecord = {
    ...before,
    quietS: before.quietS + scenario.warmUpS,
    quietSigns: [...before.quietSigns, ...quietSigns],
  };
  let record = begun;
  writeProgress(folder, record);
  for (const [index, plan] of scenario.plans.entries()) {
    if (index < before.faults.length) continue;
    progress(index, scenario.plans.length, plan.kind);
    const fault = await runFault(bench, plan, index, options);
    faults.push(fault);
    record = { ...begun, faults: [...faults] };
    writeProgress(folder, record);
    await delay(scenario.calmS * 1000, undefined, { signal });
  }
  progress(scenario.plans.length, scenario.plans.length, 'done');
  return record;
}

/** Whether nothing of an arm is left to do. */
export const isComplete = ({ faults, quietS }: ArmRecord, { plans, warmUpS }: Scenario): boolean =>
  faults.length >= plans.length && quietS >= warmUpS;

/**
 * Runs one arm of an experiment, from where it was broken off. All processes are gone and their folders removed when it
 * resolves or rejects.
 */
export async function runArm(options: ArmOptions): Promise<ArmRecord> {
  const { scenario, arm, folder } = options;
  mkdirSync(folder, { recursive: true });
  const { name, seed } = scenario;
  const empty: ArmRecord = { scenario: name, seed, arm, policy: null, quietS: 0, quietSigns: [], faults: [] };
  const before = readProgress(folder, empty);
  if (isComplete(before, scenario)) return before;
  const root = mkdtempSync(join(tmpdir(), 'vigia-lab-'));
  try {
    const bench = await setUp(options, root);
    try {
      const policy = arm === 'vigia' ? ((await bench.vigia?.policy()) ?? null) : null;
      // What another policy has done is not gone on with.
      return await goOn(bench, options, before.policy === policy ? before : { ...empty, policy });
    } finally {
      await bench.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}
