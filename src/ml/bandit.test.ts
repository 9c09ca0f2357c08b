import { describe, expect, it } from 'vitest';
import type { Bandit } from './bandit.ts';
import { createLinearPosterior } from './linear-posterior.ts';
import { createLinUcb, loadLinUcb } from './lin-ucb.ts';
import { createLogisticPosterior } from './logistic-posterior.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { createRandom, type Random } from './random.ts';
import { createThompsonSampling, loadThompsonSampling } from './thompson-sampling.ts';

const ACTIONS = 5;
const FEATURES = 4;
const ROUNDS = 1500;
const DELAY = 20;
const EPOCH = 10;
const LOST = 0.1;

const linearPosteriors = () => Array.from({ length: ACTIONS }, () => createLinearPosterior({ features: FEATURES }));

/** A world of yes-or-no rewards: contexts, success probabilities by action, and the luck of every round. */
type Round = {
  readonly contexts: Matrix;
  readonly chances: number[];
  readonly luck: number;
  readonly lost: boolean;
};

/**
 * Worlds of another make, which no default of the bandits was chosen on: other contexts, a clipped straight line instead
 * of a logistic curve, stronger effects, an action that is mostly best.
 */
function simulateOtherWorld(seed: number): Round[] {
  const random = createRandom(seed);
  const weights = Array.from({ length: ACTIONS }, (_, action) => [
    action === 0 ? 0.15 : 0,
    ...Array.from({ length: FEATURES - 1 }, () => random.next() * 2 - 1),
  ]);
  return Array.from({ length: ROUNDS }, () => {
    const row = Float64Array.of(
      1,
      random.next() * 2 - 1,
      random.next() < 0.5 ? 1 : 0,
      Math.min(2, random.exponential()) / 2,
    );
    const chances = weights.map((w) => {
      const line = 0.4 + 0.35 * w.reduce((sum, x, i) => sum + x * row[i]!, 0);
      return Math.min(0.95, Math.max(0.05, line));
    });
    return { contexts: createMatrix(row, 1, FEATURES), chances, luck: random.next(), lost: random.next() < LOST };
  });
}

function simulateWorld(seed: number): Round[] {
  const random = createRandom(seed);
  const weights = Array.from({ length: ACTIONS }, () => Array.from({ length: FEATURES }, () => random.normal()));
  return Array.from({ length: ROUNDS }, () => {
    const row = Float64Array.of(1, random.normal(), random.normal(), random.next() < 0.3 ? 1 : 0);
    const chances = weights.map((w) => 1 / (1 + Math.exp(1 - 0.7 * w.reduce((sum, x, i) => sum + x * row[i]!, 0))));
    return {
      contexts: createMatrix(row, 1, FEATURES),
      chances,
      luck: random.next(),
      lost: random.next() < LOST,
    };
  });
}

/** Whoever chooses and learns; ε-greedy stands on the same posteriors, delays and epochs as the bandits. */
type Player = Pick<Bandit, 'observe'> & { choose(contexts: Matrix): number; advance(): unknown };

function play(world: readonly Round[], player: Player): number {
  let regret = 0;
  const waiting: { at: number; action: number; row: Float64Array; reward: number }[] = [];
  world.forEach(({ contexts, chances, luck, lost }, round) => {
    while (waiting[0] !== undefined && waiting[0].at <= round) player.observe(waiting.shift()!);
    if (round % EPOCH === 0) player.advance();
    const action = player.choose(contexts);
    regret += Math.max(...chances) - chances[action]!;
    const reward = luck < chances[action]! ? 1 : 0;
    if (!lost) waiting.push({ at: round + DELAY, action, row: contexts.data as Float64Array, reward });
  });
  return regret;
}

function epsilonGreedy(epsilon: (round: number) => number, random: Random): Player {
  const learning = linearPosteriors();
  let serving = learning;
  let round = 0;
  return {
    observe: ({ action, row, reward }) => learning[action]!.observe(row, reward),
    advance: () => (serving = learning.map((posterior) => posterior.clone())),
    choose: ({ data }) => {
      round += 1;
      if (random.next() < epsilon(round)) return random.int(ACTIONS);
      const scores = serving.map((posterior) => posterior.expected(data));
      return scores.indexOf(Math.max(...scores));
    },
  };
}

const asPlayer = (bandit: Bandit): Player => ({ ...bandit, choose: (contexts) => bandit.choose(contexts).action });

describe('the regret of the bandits', () => {
  const players: Record<string, (seed: number) => Player> = {
    'ε .01': (seed) => epsilonGreedy(() => 0.01, createRandom(seed)),
    'ε .05': (seed) => epsilonGreedy(() => 0.05, createRandom(seed)),
    'ε .1': (seed) => epsilonGreedy(() => 0.1, createRandom(seed)),
    // Auer, Cesa-Bianchi and Fischer (2002): min(1, cK / (d² t)).
    'ε decaying': (seed) => epsilonGreedy((round) => Math.min(1, 50 / round), createRandom(seed)),
    thompson: (seed) => asPlayer(createThompsonSampling({ actions: ACTIONS, posteriors: linearPosteriors(), seed })),
    'thompson, logistic': (seed) => {
      const posteriors = Array.from({ length: ACTIONS }, () => createLogisticPosterior({ features: FEATURES }));
      return asPlayer(createThompsonSampling({ actions: ACTIONS, posteriors, seed }));
    },
    linUcb: (seed) => asPlayer(createLinUcb({ actions: ACTIONS, posteriors: linearPosteriors(), seed })),
  };

  const KINDS = [
    { kind: 'logistic worlds', simulate: simulateWorld, first: 1 },
    { kind: 'worlds of another make', simulate: simulateOtherWorld, first: 1001 },
  ];
  it.each(KINDS)(
    'is below that of the best ε-greedy, with late, lost and bundled outcomes: $kind',
    ({ kind, simulate, first }) => {
      const regret = Object.fromEntries(Object.keys(players).map((name) => [name, 0]));
      const worlds = 8;
      for (let seed = first; seed < first + worlds; seed++) {
        const world = simulate(seed);
        for (const [name, create] of Object.entries(players)) regret[name]! += play(world, create(seed)) / worlds;
      }
      process.stdout.write(`mean regret of ${ROUNDS} decisions, ${kind}: ${JSON.stringify(regret)}\n`);
      const best = Math.min(...Object.keys(players).flatMap((name) => (name.startsWith('ε') ? [regret[name]!] : [])));
      expect(regret['thompson']).toBeLessThan(best);
      expect(regret['thompson, logistic']).toBeLessThan(best);
      expect(regret['linUcb']).toBeLessThan(best);
    },
  );
});

/** P(Z ≤ x) by Simpson's rule. */
function normalCdf(x: number): number {
  const steps = 2000;
  const width = (x + 10) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((-10 + i * width) ** 2) / 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}

describe('Thompson sampling', () => {
  const belief = (mean: number, deviation: number) =>
    createLinearPosterior({ features: 1, priorMean: [mean], priorDeviation: deviation });
  const one = createMatrix(Float64Array.of(1), 1, 1);

  it('takes an action as often as it is the best', () => {
    const posteriors = [belief(0.5, 0.3), belief(0.2, 0.4)];
    const bandit = createThompsonSampling({
      actions: 2,
      posteriors,
      seed: 3,
      draws: 100_000,
      uniformShare: 0.1,
      breadth: 1,
    });
    const expected = 0.9 * normalCdf(0.3 / Math.hypot(0.3, 0.4)) + 0.05;
    expect(Math.abs(bandit.propensities(one)[0]! - expected)).toBeLessThan(0.005);
  });

  it('draws scores of a shared posterior from the same weights', () => {
    // Scores w and 2w: the second is better whenever w > 0, however much w spreads.
    const contexts = createMatrix(Float64Array.of(1, 2), 2, 1);
    const shared = { actions: 2, posteriors: [belief(1, 1)], seed: 1, draws: 20_000, uniformShare: 0, breadth: 1 };
    expect(Math.abs(createThompsonSampling(shared).propensities(contexts)[1]! - normalCdf(1))).toBeLessThan(0.01);
    // The same row for both: nothing tells them apart.
    expect([...createThompsonSampling(shared).propensities(one)]).toEqual([0.5, 0.5]);
  });

  it('refuses too few draws and too much memory', () => {
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const options = { actions: ACTIONS, posteriors: linearPosteriors(), seed: 1 };
    expect(() => createThompsonSampling({ ...options, draws: 999 })).toThrow(code('ML_PARAMETER'));
    const wide = { actions: 2, posteriors: [createLinearPosterior({ features: 100 })], seed: 1, draws: 100_000 };
    expect(() => createThompsonSampling(wide)).toThrow(code('ML_TOO_LARGE'));
  });
});

describe('LinUCB', () => {
  it('takes the best upper bound, divides equals, and is uniform for a share', () => {
    const posteriors = [0.6, 0.5, 0.5].map((mean, i) =>
      createLinearPosterior({ features: 1, priorMean: [mean], priorDeviation: i === 0 ? 0.1 : 0.3 }),
    );
    const one = createMatrix(Float64Array.of(1), 1, 1);
    const bandit = createLinUcb({ actions: 3, posteriors, seed: 1, uniformShare: 0.3 });
    const shares = Array.from(bandit.propensities(one), (share) => Math.round(share * 1e9) / 1e9);
    expect(shares).toEqual([0.1, 0.45, 0.45]);
    const modest = createLinUcb({ actions: 3, posteriors, seed: 1, uniformShare: 0.3, optimism: 0.1 });
    expect(modest.propensities(one)[0]).toBeCloseTo(0.8, 12);
  });
});

describe.each([
  ['Thompson sampling', createThompsonSampling, loadThompsonSampling, loadLinUcb],
  ['LinUCB', createLinUcb, loadLinUcb, loadThompsonSampling],
] as const)('every bandit: %s', (_, create, load, loadOther) => {
  const world = simulateWorld(77).slice(0, 300);
  const started = (): Bandit =>
    create({ actions: ACTIONS, posteriors: linearPosteriors(), seed: 5, uniformShare: 0.1 });
  const playOn = (bandit: Bandit, rounds: readonly Round[]): number[] =>
    rounds.map(({ contexts, chances, luck }, i) => {
      const { action } = bandit.choose(contexts);
      bandit.observe({ action, row: contexts.data, reward: luck < chances[action]! ? 1 : 0 });
      if (i % 7 === 0) bandit.advance();
      return action;
    });
  const played = (): Bandit => {
    const bandit = started();
    playOn(bandit, world);
    return bandit;
  };
  const { contexts } = world[0]!;

  it('freezes its policy within an epoch', () => {
    const bandit = played();
    const before = bandit.propensities(contexts);
    for (let i = 0; i < 50; i++) {
      expect(bandit.choose(contexts)).toMatchObject({ epoch: bandit.epoch, propensities: before });
      bandit.observe({ action: i % ACTIONS, row: contexts.data, reward: i % ACTIONS === 4 ? 1 : 0 });
    }
    expect(bandit.propensities(contexts)).toEqual(before);
    const { epoch } = bandit;
    expect(bandit.advance()).toBe(epoch + 1);
    expect(bandit.propensities(contexts)).not.toEqual(before);
  });

  it('logs the probabilities that it draws with', () => {
    const bandit = played();
    const counts = new Float64Array(ACTIONS);
    const draws = 4000;
    let choice = bandit.choose(contexts, [1, 1, 0, 1, 1]);
    for (let i = 0; i < draws; i++) {
      choice = bandit.choose(contexts, [1, 1, 0, 1, 1]);
      expect(choice.propensity).toBe(choice.propensities[choice.action]);
      counts[choice.action]! += 1 / draws;
    }
    choice.propensities.forEach((p, action) => expect(Math.abs(counts[action]! - p)).toBeLessThan(0.03));
  });

  it('never takes what is not allowed, and takes everything allowed now and then', () => {
    const bandit = played();
    for (let mask = 1; mask < 2 ** ACTIONS; mask++) {
      const allowed = Array.from({ length: ACTIONS }, (_action, action) => (mask >> action) % 2 === 1);
      const shares = bandit.propensities(contexts, allowed);
      const count = allowed.filter(Boolean).length;
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      shares.forEach((share, action) => {
        expect(share).toBeGreaterThanOrEqual(allowed[action] ? 0.1 / count - 1e-12 : 0);
        expect(share).toBeLessThanOrEqual(allowed[action] ? 1 : 0);
      });
      expect(allowed[bandit.choose(contexts, allowed).action]).toBe(true);
    }
  });

  it('chooses the same with the same seed, and goes on from bytes as if nothing had happened', () => {
    const [first, second] = [played(), load(played().toBytes())];
    expect(second.toBytes()).toEqual(first.toBytes());
    expect(playOn(second, world)).toEqual(playOn(first, world));
    expect(second.decisions).toBe(600);
    expect(second.toBytes()).toEqual(first.toBytes());
  });

  it('refuses damaged bytes and another kind', () => {
    const bytes = played().toBytes();
    for (let index = 0; index < bytes.length; index += 97) {
      const damaged = bytes.slice();
      damaged[index]! ^= 0x41;
      expect(() => load(damaged)).toThrow(MlError);
      expect(() => load(bytes.subarray(0, index))).toThrow(MlError);
    }
    expect(() => loadOther(bytes)).toThrow(expect.objectContaining({ code: 'ML_KIND' }));
  });

  it('refuses by code what does not fit', () => {
    const bandit = started();
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const nothing = [0, 0, 0, 0, 0];
    expect(() => bandit.choose(contexts, nothing)).toThrow(code('ML_PARAMETER'));
    expect(() => bandit.choose(contexts, [1])).toThrow(code('ML_SHAPE'));
    expect(() => bandit.choose(createMatrix(new Float64Array(8), 2, 4))).toThrow(code('ML_SHAPE'));
    expect(() => bandit.choose(createMatrix(new Float64Array(4).fill(Number.NaN), 1, 4))).toThrow(code('ML_VALUE'));
    expect(() => bandit.observe({ action: 5, row: contexts.data, reward: 1 })).toThrow(code('ML_PARAMETER'));
    const posteriors = linearPosteriors().slice(1);
    expect(() => create({ actions: ACTIONS, posteriors, seed: 1 })).toThrow(code('ML_SHAPE'));
    expect(() => create({ actions: 0, posteriors, seed: 1 })).toThrow(code('ML_PARAMETER'));
    expect(bandit.decisions).toBe(0);
  });
});
