/** How often the one-sided 95 % bound of a policy's value holds: 1,000 simulated logs of several tries an incident. */
import { createRandom, type Random } from '../src/ml/random.ts';
import { bootstrapInterval, sumUnits } from '../src/ml/off-policy-intervals.ts';
import { evaluatePolicy } from '../src/learn/policies/evaluate.ts';
import type { Policy, PolicyContext, PolicyEpisode, PolicyOption, PolicyStep } from '../src/model/policy.ts';
import { report } from './report.ts';

const LOGS = 1000;
const INCIDENTS = 200;
const TRUTH = 200_000;
const SEED = 77;
const STEPS = 3;
const ACTIONS = ['restart', 'roll-back', 'scale'] as const;
const CAUSES = ['memory', 'deploy', 'load'] as const;
/** Chance that an action helps against a cause. */
const HELPS: readonly (readonly number[])[] = [
  [0.8, 0.3, 0.2],
  [0.2, 0.85, 0.1],
  [0.15, 0.1, 0.75],
];

const options: readonly PolicyOption[] = ACTIONS.map((action) => ({
  action,
  entity: 'service/a',
  disruption: 'low',
  prior: { resolved: 1, failed: 1 },
  tally: {},
  allowed: true,
}));

const contextOf = (cause: number, tried: PolicyContext['tried']): PolicyContext => ({
  entityKind: 'service',
  anomalyKinds: [],
  predictionKinds: [],
  drivers: [CAUSES[cause]!],
  probability: 0,
  severity: 'warning',
  ageSeconds: 0,
  breadth: 1,
  changes: [],
  tried,
});

/** A policy by the probabilities with which it takes each action against each cause. */
function fixed(shares: readonly (readonly number[])[]): Policy {
  return {
    kind: 'fixed',
    decide: ({ context, options: asked }) => {
      const own = shares[CAUSES.indexOf(context.drivers[0] as (typeof CAUSES)[number])]!;
      const open = asked.map(({ action }) => own[ACTIONS.indexOf(action as (typeof ACTIONS)[number])]!);
      const sum = open.reduce((total, share) => total + share, 0);
      return open.map((share) => ({ probability: 0.5, low: 0, high: 1, value: 0, share: share / sum, alike: [] }));
    },
    toBytes: () => new Uint8Array(0),
  };
}

const logging = fixed([
  [0.5, 0.3, 0.2],
  [0.4, 0.4, 0.2],
  [0.4, 0.2, 0.4],
]);
const better = fixed([
  [0.9, 0.05, 0.05],
  [0.05, 0.9, 0.05],
  [0.05, 0.05, 0.9],
]);

function episode(policy: Policy, name: string, random: Random): PolicyEpisode {
  const cause = random.int(CAUSES.length);
  const steps: PolicyStep[] = [];
  const tried: { action: string; verdict: PolicyStep['verdict'] }[] = [];
  for (let k = 0; k < STEPS; k++) {
    const context = contextOf(cause, [...tried]);
    const shares = policy.decide({ context, options, explore: true }).map(({ share }) => share);
    const u = random.next();
    const at = u < shares[0]! ? 0 : u < shares[0]! + shares[1]! ? 1 : 2;
    const verdict = random.next() < HELPS[cause]![at]! ? 'resolved' : 'ineffective';
    const minutes = (verdict === 'resolved' ? 2 : 6) + random.exponential();
    const { action, entity, disruption } = options[at]!;
    steps.push({
      id: `${name}-${k}`,
      time: 0,
      context,
      action,
      entity,
      disruption,
      verdict,
      options,
      propensity: shares[at]!,
      minutes: k + 1 === STEPS && verdict !== 'resolved' ? minutes + 10 : minutes,
    });
    tried.push({ action, verdict });
    if (verdict === 'resolved') break;
  }
  return { incident: name, steps };
}

const costOf = ({ steps }: PolicyEpisode): number => steps.reduce((sum, { minutes }) => sum + minutes + 0.5, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const random = createRandom(SEED);
const truthOf = (policy: Policy, name: string): number =>
  mean(Array.from({ length: TRUTH }, (_, i) => costOf(episode(policy, `t${i}`, random.fork(`${name} ${i}`)))));
const saved = truthOf(logging, 'logging') - truthOf(better, 'better');

let held = 0;
const widths: number[] = [];
const oracles: number[] = [];
for (let log = 0; log < LOGS; log++) {
  const draws = random.fork(`log ${log}`);
  const episodes = Array.from({ length: INCIDENTS }, (_, i) => episode(logging, `i${i}`, draws.fork(i)));
  const said = await evaluatePolicy(episodes, better, logging);
  if (said.saved.low <= saved) held++;
  widths.push(said.saved.value - said.saved.low);
  // The oracle runs both policies on as many incidents each.
  const both = episodes.map((one, i) => costOf(one) - costOf(episode(better, `o${i}`, draws.fork(`other ${i}`))));
  const units = sumUnits({ numerators: Float64Array.from(both), denominators: new Float64Array(INCIDENTS).fill(1) });
  const sure = bootstrapInterval(units, { samples: 1000, confidence: 0.9, random: draws.fork('oracle') });
  oracles.push(mean(both) - sure.low);
}
report([
  {
    name: 'ope-coverage',
    value: held / LOGS,
    unit: '',
    bound: 0.935,
    better: 'higher',
    note: `one-sided 95 %, ${LOGS} logs of ${INCIDENTS} incidents with up to ${STEPS} tries; saves ${saved.toFixed(2)} min`,
  },
  {
    name: 'ope-width',
    value: median(widths),
    unit: 'min',
    bound: null,
    better: 'lower',
    note: 'median, estimate to bound',
  },
  {
    name: 'ope-width-oracle',
    value: median(oracles),
    unit: 'min',
    bound: null,
    better: 'lower',
    note: 'both policies run',
  },
]);
