import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startVigia } from './arms/vigia-process.ts';
import { drawPlans, parseScenario, ScenarioError } from './experiment/scenario.ts';
import { reportArm, reportText } from './experiment/report.ts';
import { type Arm, ARMS, runArm } from './experiment/run-arm.ts';
import type { FaultRecord } from './experiment/tally.ts';
import { FAULTS } from './fault-catalogue.ts';
import { startLab } from './running-lab.ts';
import { FAULT_KINDS, type FaultPlan, replicaName, RULES } from './world.ts';

/** What may be asked for by name. */
export const faultKinds: readonly string[] = FAULT_KINDS;

/** What the command line says while the lab runs; it chooses the words. */
export type LabNews =
  | { readonly type: 'watching'; readonly url: string; readonly adminUrl: string }
  | { readonly type: 'quiet'; readonly seconds: number }
  | { readonly type: 'fault'; readonly kind: string; readonly where: string }
  | { readonly type: 'reset' }
  | { readonly type: 'progress'; readonly done: number; readonly of: number; readonly what: string };

export interface DemoOptions {
  readonly port: number;
  readonly mode: 'observe' | 'suggest' | 'approve' | 'auto';
  readonly language: 'en' | 'es';
  /** Of faults and users. */
  readonly seed: number;
  /** Kinds of faults to show, in this order; all, drawn, when empty. */
  readonly faults: readonly string[];
  readonly tell: (news: LabNews) => void;
  readonly signal: AbortSignal;
}

/** Vigía learns what is normal before the first fault, s, and has some rest after each. */
const DEMO_WARM_UP_S = 90;
const DEMO_CALM_S = 45;
const DEMO_FAULTS = 1000;

/** Whether something can be seen before users notice. */
const precursor = ({ plan }: FaultRecord): boolean => FAULTS[plan.kind].precursor;

function demoPlans({ seed, faults }: DemoOptions): readonly FaultPlan[] {
  const drawn = drawPlans(DEMO_FAULTS, seed);
  if (faults.length === 0) return drawn;
  return faults.flatMap((kind) => drawn.find((plan) => plan.kind === kind) ?? []);
}

const whereOf = ({ service, replica }: FaultPlan): string =>
  replica === null ? `service/${service}` : `replica/${replicaName(service, replica)}`;

/** Starts the lab with Vigía watching, and lets one fault after the other into it, until `signal` ends it. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { port, mode, language, seed, tell, signal } = options;
  const root = mkdtempSync(join(tmpdir(), 'vigia-lab-'));
  let vigia: Awaited<ReturnType<typeof startVigia>> | null = null;
  try {
    const lab = await startLab({ root, seed, onSecond: () => undefined, onEvent: (event) => vigia?.tell(event) });
    try {
      vigia = await startVigia(root, { adminUrl: lab.api.url, port, mode, language });
      tell({ type: 'watching', url: vigia.url, adminUrl: lab.api.url });
      tell({ type: 'quiet', seconds: DEMO_WARM_UP_S });
      await delay(DEMO_WARM_UP_S * 1000, undefined, { signal });
      for (const plan of demoPlans(options)) {
        tell({ type: 'fault', kind: plan.kind, where: whereOf(plan) });
        const injection = lab.inject(plan);
        await delay(RULES.faultS * 1000, undefined, { signal }).finally(() => injection.stop());
        await lab.supervisor.reset();
        tell({ type: 'reset' });
        await delay(DEMO_CALM_S * 1000, undefined, { signal });
      }
    } finally {
      await vigia?.stop();
      await lab.stop();
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface ExperimentOptions {
  readonly scenarioFile: string;
  readonly arm: string;
  readonly folder: string;
  readonly tell: (news: LabNews) => void;
  readonly signal: AbortSignal;
}

/** What was asked for cannot be; `message` says why. */
export class LabRequestError extends Error {
  override readonly name = 'LabRequestError';
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

/** Runs one arm of a scenario, or what is left of it, and writes its report; resolves with the report as text. Throws LabRequestError. */
export async function runExperiment({ scenarioFile, arm, folder, tell, signal }: ExperimentOptions): Promise<string> {
  const known: Arm | undefined = ARMS.find((one) => one === arm);
  if (known === undefined) throw new LabRequestError(`--arm: ${ARMS.join(', ')}`);
  let scenario;
  try {
    scenario = parseScenario(readFileSync(scenarioFile, 'utf8'));
  } catch (thrown) {
    if (thrown instanceof ScenarioError) throw new LabRequestError(`${scenarioFile}: ${thrown.message}`);
    throw new LabRequestError(`${scenarioFile}: ${(thrown as NodeJS.ErrnoException).code ?? 'unreadable'}`);
  }
  mkdirSync(folder, { recursive: true });
  const progress = (done: number, of: number, what: string): void => tell({ type: 'progress', done, of, what });
  const record = await runArm({ scenario, arm: known, folder, signal, progress });
  const report = reportArm(record, precursor);
  const text = reportText(report);
  write(join(folder, `${scenario.name}-${known}-report.json`), `${JSON.stringify(report, null, 2)}\n`);
  write(join(folder, `${scenario.name}-${known}-report.txt`), text);
  return text;
}
