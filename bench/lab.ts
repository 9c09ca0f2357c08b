/**
 * The real lab in three arms: `--scenario standard|short`, `--report DIR` (what is there is gone on with, fault by fault), `--arms
 * none,static,vigia,quiet` for some of them in this sitting (`--arms -` only prints what is there), `--scenario none --simulate N` for
 * the simulator's rows alone. The standard scenario takes up to three hours on a machine that does nothing else.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseScenario, type Scenario } from '../lab/experiment/scenario.ts';
import { predictedOf, reportArm } from '../lab/experiment/report.ts';
import { type Arm, type ArmRecord, ARMS, isComplete } from '../lab/experiment/run-arm.ts';
import { type FaultRecord, unavailability } from '../lab/experiment/tally.ts';
import { FAULTS } from '../lab/fault-catalogue.ts';
import { createSimulator, type SimulatedIncident } from '../lab/simulator/simulator.ts';
import { type FaultPlan, LAB_ACTIONS } from '../lab/world.ts';
import { report, type Row } from './report.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'standard' },
    report: { type: 'string', default: 'artifacts/lab' },
    arms: { type: 'string', default: 'none,static,vigia,quiet' },
    simulate: { type: 'string', default: '2000' },
    json: { type: 'string' },
  },
  strict: false,
});
const scenario = String(values['scenario']);
const folder = resolve(String(values['report']));
const HALF_HOUR_S = 1800;

/** An arm of a scenario; what is quiet is the arm `vigia` of the scenario without faults. */
type Part = Arm | 'quiet';
const wanted = String(values['arms']).split(',');
const scenarioOf = (name: string): Scenario =>
  parseScenario(readFileSync(join('lab/scenarios', `${name}.yaml`), 'utf8'));

/** Runs a part in the shipped program, or what is left of it, if it is asked for, and reads what was kept; null where nothing was. */
async function partOf(part: Part): Promise<{ readonly record: ArmRecord | null; readonly scenario: Scenario }> {
  const [of, name] = part === 'quiet' ? ['quiet', 'vigia'] : [scenario, part];
  if (wanted.includes(part)) {
    const command = ['dist/main.js', 'lab', '--scenario', of, '--arm', name, '--report', folder];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'inherit', 'inherit'] });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`the arm ${name} ended with exit code ${code}; run this again to go on with it`);
  }
  const file = join(folder, `${of}-${name}.json`);
  const record = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ArmRecord) : null;
  return { record, scenario: scenarioOf(of) };
}

const precursor = ({ plan }: FaultRecord): boolean => FAULTS[plan.kind].precursor;

function labRows(none: ArmRecord, fixed: ArmRecord, vigia: ArmRecord, quiet: ArmRecord): Row[] {
  const lost = (record: ArmRecord): number => unavailability(record.faults);
  const { actions } = reportArm(vigia, precursor);
  const predicted = predictedOf(none.faults, precursor);
  const { quietS, quietPredictions } = reportArm(quiet, precursor);
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const note = `${vigia.faults.length} faults, scenario ${vigia.scenario}, seed ${vigia.seed}, policy ${vigia.policy}`;
  const peer = (name: string, record: ArmRecord): Row => ({
    name: `lab-unavailability-${name}`,
    value: lost(record),
    unit: 'share',
    bound: null,
    better: 'lower',
    note: `${note}; the error budget of 99.5 % ${reportArm(record, precursor).budgetBurnt.toFixed(1)} times`,
  });
  return [
    {
      name: 'lab-unavailability-vs-none',
      value: lost(vigia) / lost(none),
      unit: 'times',
      bound: 0.4,
      better: 'lower',
      note: `${share(lost(vigia))} against ${share(lost(none))}; ${note}`,
    },
    {
      name: 'lab-unavailability-vs-static',
      value: lost(vigia) / lost(fixed),
      unit: 'times',
      bound: 0.7,
      better: 'lower',
      note: `against ${share(lost(fixed))}`,
    },
    {
      name: 'lab-harmful-actions',
      value: actions.harms,
      unit: 'actions',
      bound: 0,
      better: 'lower',
      note: `${actions.helps} that help, ${actions.useless} of no use, ${actions.refused} refused`,
    },
    {
      name: 'lab-predicted',
      value: predicted.of === 0 ? Number.NaN : predicted.predicted / predicted.of,
      unit: 'share',
      bound: 0.7,
      better: 'higher',
      note: `${predicted.predicted} of ${predicted.of} faults with a precursor that users noticed, where nothing is done`,
    },
    { name: 'lab-lead', value: predicted.medianLead ?? Number.NaN, unit: 'of growth', bound: 0.5, better: 'higher' },
    {
      name: 'lab-false',
      value: quietS === 0 ? Number.NaN : (quietPredictions * HALF_HOUR_S) / quietS,
      unit: 'per 30 min',
      bound: 1,
      better: 'lower',
      note: `${quietPredictions} in ${quietS} quiet seconds`,
    },
    peer('none', none),
    peer('static', fixed),
    peer('vigia', vigia),
  ];
}

/** Waits until it is over. */
function goOn(incident: SimulatedIncident): void {
  while (!incident.over) incident.act(null);
}

/** How fast the simulator is, and what the best first action would bring in it. All of it is simulation. */
function simulationRows(count: number): Row[] {
  const simulator = createSimulator({ seed: 1 });
  const totals = { nothing: 0, best: 0 };
  // Time of the CPU, not of the clock: other work may want the core too.
  const began = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const incident = simulator.incident(i);
    if (incident === null) continue;
    goOn(incident);
    totals.nothing += incident.lostMinutes;
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  for (let i = 0; i < Math.min(count, 200); i++) {
    const incident = simulator.incident(i);
    if (incident === null) continue;
    const after = [null, ...LAB_ACTIONS].map((action) => {
      const course = incident.copy();
      course.act(action);
      goOn(course);
      return course.lostMinutes;
    });
    totals.best += Math.min(...after);
  }
  const note = 'simulation';
  const known = Math.max(1, Math.min(count, 200));
  return [
    {
      name: 'sim-incidents',
      value: (60 * count) / seconds,
      unit: 'a CPU minute',
      bound: 10_000,
      better: 'higher',
      note,
    },
    { name: 'sim-lost-nothing', value: totals.nothing / count, unit: 'minutes', bound: null, better: 'lower', note },
    { name: 'sim-lost-oracle', value: totals.best / known, unit: 'minutes', bound: null, better: 'lower', note },
  ];
}

const HOURS = 12;

/** Share of requests that the simulator loses to a fault when nobody acts, over hours of the day. */
function simulatedLoss(plan: FaultPlan, faultS: number): number {
  const simulator = createSimulator({ seed: 1, plan, faultS });
  let lost = 0;
  for (let i = 0; i < HOURS; i++) {
    const incident = simulator.incident(i);
    if (incident === null) continue;
    goOn(incident);
    lost += (incident.lostMinutes * 60) / faultS;
  }
  return lost / HOURS;
}

/** How far the simulator is from the real lab, fault by fault, where nobody acts. */
function calibrationRows({ faults }: ArmRecord, faultS: number): Row[] {
  const rows = faults.map(({ plan, ...counts }): Row => {
    const real = unavailability([counts]);
    const simulated = simulatedLoss(plan, faultS);
    const note = `simulation ${simulated.toFixed(3)}, real lab ${real.toFixed(3)}, nobody acts`;
    const value = simulated - real;
    return { name: `sim-minus-lab-${plan.kind}`, value, unit: 'share lost', bound: null, better: 'lower', note };
  });
  const mean = rows.reduce((sum, { value }) => sum + Math.abs(value), 0) / Math.max(1, rows.length);
  const note = 'mean absolute difference of the share lost, simulation and real lab';
  return [{ name: 'sim-calibration', value: mean, unit: 'share lost', bound: null, better: 'lower', note }, ...rows];
}

/** Rows that have no value while an arm is not complete. */
const BOUNDED = [
  ['lab-unavailability-vs-none', 'times', 0.4, 'lower'],
  ['lab-unavailability-vs-static', 'times', 0.7, 'lower'],
  ['lab-predicted', 'share', 0.7, 'higher'],
  ['lab-lead', 'of growth', 0.5, 'higher'],
  ['lab-false', 'per 30 min', 1, 'lower'],
] as const;

async function realRows(): Promise<Row[]> {
  // A short run has no quarter of an hour to spare: what is quiet before its faults has to do.
  const parts: readonly Part[] = [...ARMS, ...(scenario === 'standard' ? (['quiet'] as const) : [])];
  const found = new Map<Part, ArmRecord>();
  const missing: string[] = [];
  for (const part of parts) {
    const { record, scenario: of } = await partOf(part);
    if (record !== null && isComplete(record, of)) found.set(part, record);
    else missing.push(`${part}: ${record?.faults.length ?? 0} of ${of.plans.length} faults`);
  }
  const [none, fixed, vigia] = ARMS.map((arm) => found.get(arm));
  const quiet = scenario === 'standard' ? found.get('quiet') : vigia;
  if (none === undefined || fixed === undefined || vigia === undefined || quiet === undefined) {
    const note = `not complete: ${missing.join(', ')}`;
    return BOUNDED.map(([name, unit, bound, better]) => ({ name, value: Number.NaN, unit, bound, better, note }));
  }
  return [...labRows(none, fixed, vigia, quiet), ...calibrationRows(none, scenarioOf(scenario).faultS)];
}

const simulated = simulationRows(Math.max(1, Number(values['simulate'])));
report(scenario === 'none' ? simulated : [...(await realRows()), ...simulated]);
