/** Predict, act, retrain, six times over: what acting upon predictions costs the models that are learnt afterwards. */
import { parseArgs } from 'node:util';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import type { EntityHistory, FailurePredictor } from '../src/model/predictor.ts';
import { judgedRows } from '../src/learn/evaluation/scored.ts';
import { createHazardFactory } from '../src/predict/hazard/hazard-factory.ts';
import { type Automation, Ward } from './failure-fleet/automation.ts';
import { knownAt, simulateFleet } from './failure-fleet/fleet.ts';
import { COLUMNS } from './failure-fleet/kinds.ts';
import { BEGINNING, type FleetPlan } from './failure-fleet/life.ts';
import { report, type Row } from './report.ts';

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    entities: { type: 'string', default: '120' },
    cycles: { type: 'string', default: '6' },
    /** `ours`, `naive` or both: each is a run of its own. */
    labels: { type: 'string', default: 'ours,naive' },
    json: { type: 'string' },
  },
  strict: false,
});
const seed = Number(given['seed']);
const entities = Number(given['entities']);
const cycles = Number(given['cycles']);
const DAY = 86_400;
/** Days before anybody acts, and of each cycle. */
const [FIRST, CYCLE] = [20, 8];
const HORIZONS = [900, 3600, 21_600, 86_400, 604_800];
/** More likely than not within six hours; then nobody asks again for as long. */
const AUTOMATION: Automation = { acting: 0.95, threshold: 0.5, index: 2, pause: 21_600 };
/** The horizon of the figures: a day. */
const JUDGED = 3;
const SEED = 1;

const days = FIRST + cycles * CYCLE;
const plan: FleetPlan = { seed, entities, days, step: 900 };
const fresh = simulateFleet({ seed: seed + 1000, entities, days: 30, step: 900 });

async function learn(histories: readonly EntityHistory[]): Promise<FailurePredictor> {
  const outcome = await createHazardFactory().fit(
    { columns: COLUMNS, entities: histories },
    { horizons: HORIZONS, unitMs: 1000, asked: 'later', seed: SEED },
  );
  if (!outcome.ready) throw new Error(outcome.missing.key);
  return outcome.predictor;
}

/** Area under precision and recall on a fleet that nobody acts upon. */
function judge(predictor: FailurePredictor): number {
  const scored = fresh.entities.map((history) => ({
    entity: history.entity,
    times: history.times,
    probabilities: predictor.predict([{ history, from: 0, to: history.times.length }], COLUMNS).probabilities,
    failures: history.failures,
    observedTo: history.observedTo,
  }));
  const rows = judgedRows(scored, { index: JUDGED, value: HORIZONS[JUDGED]!, width: HORIZONS.length });
  return averagePrecision(rows.label, rows.chance);
}

function log(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0)} s ${text}\n`);
}

/** The cycles, with labels as the product makes them or naive ones; what the last model is worth. */
async function cycle(first: FailurePredictor, naive: boolean): Promise<{ area: number; note: string }> {
  const wards = Array.from({ length: entities }, (_, entity) => new Ward(plan, entity));
  let predictor = first;
  for (let number = 0; number < cycles; number++) {
    const from = BEGINNING + (FIRST + number * CYCLE) * DAY;
    const to = from + CYCLE * DAY;
    for (const ward of wards) ward.guard(predictor, AUTOMATION, [from, to]);
    predictor = await learn(wards.map((ward) => ward.known(to, naive)));
    log(
      `${naive ? 'naive' : 'ours'} cycle ${number + 1}: ${wards.flatMap(({ decisions }) => decisions).length} decisions`,
    );
  }
  const decisions = wards.flatMap((ward) => ward.decisions);
  const acted = decisions.filter((decision) => decision.acted).length;
  return { area: judge(predictor), note: `${acted} actions, ${decisions.length - acted} left alone` };
}

const quiet = simulateFleet(plan).entities;
const first = await learn(quiet.map((history) => knownAt(history, COLUMNS.length, BEGINNING + FIRST * DAY)));
const before = judge(first);
log(`first ${before.toFixed(4)}`);
const never = judge(await learn(quiet));
log(`never acted ${never.toFixed(4)}`);
const labels = String(given['labels']).split(',');
const rows: Row[] = [];
if (labels.includes('ours')) {
  const ours = await cycle(first, false);
  rows.push({
    name: 'act-and-retrain',
    value: never - ours.area,
    unit: 'AUPRC lost',
    bound: 0.02,
    better: 'lower',
    note: `seed ${seed}, ${cycles} cycles, ${ours.note}: ${ours.area.toFixed(4)} on a fresh fleet; ${never.toFixed(4)} when nobody had ever acted, ${before.toFixed(4)} before the first action`,
  });
}
if (labels.includes('naive')) {
  const naive = await cycle(first, true);
  rows.push({
    name: 'act-and-retrain-naive',
    value: never - naive.area,
    unit: 'AUPRC lost',
    bound: null,
    better: 'lower',
    note: `the same with what was prevented as "nothing happened": ${naive.area.toFixed(4)}; ${naive.note}`,
  });
}
report(rows);
