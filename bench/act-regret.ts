/**
 * Cumulative regret on the simulated lab of the two learners, against ε-greedy on the bandit's estimates, a static policy and an
 * oracle; and of what puts itself in force once its log proves it to be better, as the product does.
 */
import { parseArgs } from 'node:util';
import { createRandom, type Random } from '../src/ml/random.ts';
import type { Verdict } from '../src/model/action.ts';
import type {
  Policy,
  PolicyEpisode,
  PolicyFactory,
  PolicyOpinion,
  PolicyOption,
  PolicyStep,
} from '../src/model/policy.ts';
import { banditFactory } from '../src/recommend/policies/bandit-policy.ts';
import { evaluatePolicy } from '../src/learn/policies/evaluate.ts';
import { JUDGED_SHARE } from '../src/learn/policies/policy-training.ts';
import { plannerFactory } from '../src/recommend/policies/planner-policy.ts';
import { withTurns } from '../src/recommend/policies/turns.ts';
import { tallyPolicy } from '../src/recommend/policies/tally-policy.ts';
import { costOf, MOST_STEPS, type Node, oracleCost, optionsAt, stepOf, world } from './act-world.ts';
import { report, type Row } from './report.ts';

const { values } = parseArgs({
  options: { incidents: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } },
  strict: false,
});
const INCIDENTS = Number(values['incidents'] ?? 5000);
const SEED = Number(values['seed'] ?? 2026);
/** An epoch is as long as a twelfth of all that was learnt from, and never shorter than this. */
const LEAST_EPOCH = 20;
const EPOCH_SHARE = 12;

/** How the next action is drawn from what a policy says; the shares that it was drawn from. */
type Choose = (opinions: readonly PolicyOpinion[], options: readonly PolicyOption[], seen: number) => readonly number[];

const own: Choose = (opinions) => opinions.map(({ share }) => share);
const greedy =
  (epsilon: (seen: number) => number): Choose =>
  (opinions, options, seen) => {
    const allowed = options.filter((option) => option.allowed).length;
    let best = -1;
    options.forEach((option, i) => {
      if (option.allowed && (best < 0 || opinions[i]!.value > opinions[best]!.value)) best = i;
    });
    const e = epsilon(seen);
    return options.map((option, i) => (option.allowed ? e / allowed + (i === best ? 1 - e : 0) : 0));
  };

function draw(shares: readonly number[], random: Random): number {
  let left = random.next();
  let last = 0;
  for (const [i, share] of shares.entries()) {
    if (share <= 0) continue;
    last = i;
    left -= share;
    if (left < 0) break;
  }
  return last;
}

interface Arm {
  readonly name: string;
  /** What decides in the next epoch. */
  readonly learn: (learner: Learner) => Promise<Policy>;
  readonly explore: boolean;
  readonly choose: Choose;
}

const HOW = { seed: 1, exploration: 0.01 } as const;
const alone =
  (factory: PolicyFactory): Arm['learn'] =>
  async ({ episodes, policy }) =>
    (await factory.fit(episodes, HOW)) ?? policy;

/** As `PolicyTraining` does: a kind has to earn its place on incidents newer than those it was trained on, and has its turns before. */
function proving(): Arm['learn'] {
  let inForce = tallyPolicy;
  return async ({ episodes }) => {
    const cut = Math.ceil(episodes.length * (1 - JUDGED_SHARE));
    const challengers: Policy[] = [];
    for (const factory of [banditFactory, plannerFactory]) {
      const policy = await factory.fit(episodes.slice(0, cut), HOW);
      if (policy === null) continue;
      const { verdict } = await evaluatePolicy(episodes.slice(cut), policy, inForce);
      if (factory.kind === inForce.kind) {
        if (verdict !== 'worse') inForce = (await factory.fit(episodes, HOW)) ?? inForce;
      } else if (verdict === 'better') inForce = policy;
      else challengers.push(policy);
    }
    return withTurns(
      inForce,
      challengers.filter(({ kind }) => kind !== inForce.kind),
    );
  };
}

const ARMS: readonly Arm[] = [
  { name: 'bandit', learn: alone(banditFactory), explore: true, choose: own },
  { name: 'fitted-q', learn: alone(plannerFactory), explore: true, choose: own },
  { name: 'proven', learn: proving(), explore: true, choose: own },
  ...[0.01, 0.05, 0.1].map((e) => ({
    name: `epsilon-greedy ${e}`,
    learn: alone(banditFactory),
    explore: false,
    choose: greedy(() => e),
  })),
  {
    name: 'epsilon-greedy decaying',
    learn: alone(banditFactory),
    explore: false,
    choose: greedy((seen) => Math.min(1, 20 / (seen + 1))),
  },
];

interface Learner {
  policy: Policy;
  readonly episodes: PolicyEpisode[];
  readonly tallies: Map<string, Partial<Record<Verdict, number>>>;
}

function tally({ tallies }: Learner, step: PolicyStep): void {
  const key = `${step.action} ${step.entity.split('/', 1)[0]}`;
  const known = tallies.get(key) ?? {};
  tallies.set(key, { ...known, [step.verdict]: (known[step.verdict] ?? 0) + 1 });
}

/** Runs one incident; what it cost. */
function run(arm: Arm, learner: Learner, { node, name, random }: { node: Node; name: string; random: Random }): number {
  const steps: PolicyStep[] = [];
  let cost = 0;
  let at: Node | null = node;
  for (let k = 0; k < MOST_STEPS && at !== null; k++) {
    const options = optionsAt(at, learner.tallies);
    const opinions = learner.policy.decide({ context: at.context, options, explore: arm.explore });
    const shares = arm.choose(opinions, options, learner.episodes.length);
    const i = draw(shares, random);
    const move = at.act(options[i]!.action);
    const last = k + 1 === MOST_STEPS;
    cost += costOf(options[i]!.action, move, last);
    steps.push(stepOf(at, options, { id: `${name}-${k}`, at: i, propensity: shares[i]!, move, last }));
    at = move.next;
  }
  for (const step of steps) tally(learner, step);
  learner.episodes.push({ incident: name, steps });
  return cost;
}

async function regretOf(arm: Arm, nodes: readonly Node[], best: readonly number[]): Promise<number[]> {
  const learner: Learner = { policy: tallyPolicy, episodes: [], tallies: new Map() };
  const random = createRandom(SEED).fork(arm.name);
  const curve: number[] = [];
  let total = 0;
  let epochEnd = LEAST_EPOCH;
  for (const [i, node] of nodes.entries()) {
    if (i >= epochEnd) {
      learner.policy = await arm.learn(learner);
      epochEnd = i + Math.max(LEAST_EPOCH, Math.floor(i / EPOCH_SHARE));
    }
    total += run(arm, learner, { node, name: `i${i}`, random: random.fork(i) }) - best[i]!;
    curve.push(total);
  }
  return curve;
}

/** Restarts what alerts; then moves it; then rolls back. */
const STATIC = ['restart', 'drain', 'roll-back-version', 'roll-back-config'];
function staticCost(node: Node): number {
  let cost = 0;
  let at: Node | null = node;
  for (const [k, action] of STATIC.entries()) {
    if (at === null) break;
    const move = at.act(action);
    cost += costOf(action, move, k + 1 === STATIC.length);
    at = move.next;
  }
  return cost;
}

const started = performance.now();
const nodes = world(SEED, INCIDENTS);
const best = nodes.map((node) => oracleCost(node));
process.stderr.write(`world and oracle: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
const regrets = new Map<string, number[]>();
for (const arm of ARMS) {
  const from = performance.now();
  regrets.set(arm.name, await regretOf(arm, nodes, best));
  const seconds = ((performance.now() - from) / 1000).toFixed(0);
  process.stderr.write(`${arm.name}: ${regrets.get(arm.name)!.at(-1)!.toFixed(0)} minutes, ${seconds} s\n`);
}
const fixed = nodes.reduce((sum, node, i) => sum + staticCost(node) - best[i]!, 0);
const oracle = best.reduce((sum, cost) => sum + cost, 0);
const last = (name: string): number => regrets.get(name)!.at(-1)!;
const rivals = ARMS.filter(({ name }) => name.startsWith('epsilon')).map(({ name }) => name);
const rival = rivals.reduce((a, b) => (last(a) <= last(b) ? a : b));
const note = `simulation, ${INCIDENTS} incidents, regret in minutes: `;
const ratio = (arm: string, name: string): Row => ({
  name,
  value: last(arm) / last(rival),
  unit: '×',
  bound: 0.5,
  better: 'lower',
  note: `${note}${arm} ${last(arm).toFixed(0)}, best ε-greedy (${rival.slice(15)}) ${last(rival).toFixed(0)}`,
});
const rows: Row[] = [
  ratio('bandit', 'sim-regret'),
  ratio('fitted-q', 'sim-regret-fitted-q'),
  ...['proven', ...rivals].map((name): Row => ({
    name: `sim-regret-${name.replaceAll(' ', '-')}`,
    value: last(name),
    unit: 'min',
    bound: null,
    better: 'lower',
  })),
  { name: 'sim-regret-static', value: fixed, unit: 'min', bound: null, better: 'lower' },
  {
    name: 'sim-cost-oracle',
    value: oracle,
    unit: 'min',
    bound: null,
    better: 'lower',
    note: 'what regret is counted from',
  },
];
report(rows);
