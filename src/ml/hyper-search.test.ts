import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitGradientBoosting } from './gradient-boosting.ts';
import { type HyperSearchOptions, searchHyperParameters, type Trial } from './hyper-search.ts';
import { drawParameters, type HyperSpace } from './hyper-space.ts';
import { createMatrix, takeRows } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { createRandom } from './random.ts';
import { timeFolds } from './time-folds.ts';

const SPACE = {
  rate: { kind: 'number', min: 1e-4, max: 1, scale: 'log' },
  depth: { kind: 'integer', min: 1, max: 8 },
  loss: { kind: 'choice', values: ['squared', 'huber'] },
} as const;
type Space = typeof SPACE;

const DEFAULTS = { rate: 1, depth: 1, loss: 'squared' } as const;
const FOLDS = timeFolds(1000, { folds: 2 });

/** A loss with its least at rate 0.01, depth 5, huber; less certain on fewer rows. */
function valley({ parameters, share, fold }: Trial<Space>): number {
  const noise = Math.sin(fold.validFrom + 100 * parameters.rate) * 0.1 * (1 - share);
  const { rate, depth, loss } = parameters;
  return Math.log10(rate / 0.01) ** 2 + (depth - 5) ** 2 / 10 + (loss === 'huber' ? 0 : 0.5) + noise;
}

/** A clock that every training moves on. */
function fakeTime() {
  let time = 0;
  return { now: () => time, pass: (seconds: number) => (time += 1000 * seconds) };
}

const base: HyperSearchOptions<Space> = {
  space: SPACE,
  defaults: DEFAULTS,
  folds: FOLDS,
  evaluate: valley,
  budgetSeconds: 1,
  now: () => 0,
  seed: 1,
};

describe('searchHyperParameters', () => {
  it.each(['random', 'halving'] as const)('finds a good place by %s, the same with the same seed', async (method) => {
    const result = await searchHyperParameters({ ...base, method, candidates: 81 });
    expect(result.loss).toBeLessThan(0.35);
    expect(result.loss).toBeLessThan(result.defaultLoss);
    expect(result.complete).toBe(true);
    expect(result.parameters.loss).toBe('huber');
    expect(await searchHyperParameters({ ...base, method, candidates: 81 })).toEqual(result);
  });

  it('spends less on whole folds by halving: 27 on a ninth of the rows, 9 on a third, 3 on all', async () => {
    const shares = new Map<number, number>();
    const evaluate = (trial: Trial<Space>): number => {
      const rows = trial.fold.trainTo - trial.fold.trainFrom;
      const whole = FOLDS.find(({ validFrom }) => validFrom === trial.fold.validFrom)!;
      expect(rows).toBe(Math.ceil((whole.trainTo - whole.trainFrom) * trial.share));
      expect(trial.fold.trainTo).toBe(whole.trainTo);
      shares.set(trial.share, (shares.get(trial.share) ?? 0) + 1 / FOLDS.length);
      return valley(trial);
    };
    const result = await searchHyperParameters({ ...base, evaluate, candidates: 27 });
    expect([...shares]).toEqual([
      [1, 1 + 3],
      [1 / 9, 27],
      [1 / 3, 9],
    ]);
    expect(result.ranking).toHaveLength(4);
    expect(result.trials).toBe(2 * (1 + 27 + 9 + 3));
  });

  it('starts nothing after the budget and keeps the best so far', async () => {
    const time = fakeTime();
    const left: number[] = [];
    const evaluate = (trial: Trial<Space>): number => {
      left.push(trial.secondsLeft);
      time.pass(1);
      return valley(trial);
    };
    const limited = { ...base, evaluate, method: 'random', now: time.now, budgetSeconds: 10.5 } as const;
    const result = await searchHyperParameters(limited);
    expect(left).toEqual(Array.from({ length: 11 }, (_, i) => 10.5 - i));
    expect(result).toMatchObject({ complete: false, trials: 11 });
    expect(result.ranking).toHaveLength(5);
    expect(result.loss).toBe(Math.min(...result.ranking.map(({ loss }) => loss)));
  });

  it('falls back on the defaults when the budget ends early, and says when even they had no time', async () => {
    const time = fakeTime();
    const evaluate = (trial: Trial<Space>): number => {
      time.pass(1);
      return valley(trial);
    };
    const result = await searchHyperParameters({ ...base, evaluate, now: time.now, budgetSeconds: 5 });
    expect(result.parameters).toEqual(DEFAULTS);
    await expect(searchHyperParameters({ ...base, budgetSeconds: 0 })).rejects.toMatchObject({
      code: 'ML_NOT_CONVERGED',
    });
  });

  it('stops on the signal and reports progress', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const search = searchHyperParameters({
      ...base,
      method: 'random',
      signal: stop.signal,
      onProgress: ({ trials, loss }) => {
        seen.push(trials);
        expect(loss).toBeGreaterThanOrEqual(0);
        if (trials === 6) stop.abort();
      },
    });
    await expect(search).rejects.toMatchObject({ code: 'ML_CANCELLED' });
    expect(seen).toEqual([2, 4, 6]);
  });

  it('rules out candidates that fail, and lets bugs through', async () => {
    const evaluate = (trial: Trial<Space>): number => {
      if (trial.parameters.depth < 4) throw new MlError('ML_NOT_CONVERGED', 'no');
      return trial.parameters.depth === 4 ? Number.NaN : valley(trial);
    };
    const { parameters, defaultLoss } = await searchHyperParameters({ ...base, evaluate });
    expect(parameters.depth).toBeGreaterThan(4);
    expect(defaultLoss).toBe(Infinity);
    const broken = (): number => {
      throw new TypeError('a bug');
    };
    await expect(searchHyperParameters({ ...base, evaluate: broken })).rejects.toThrow(TypeError);
  });

  it('tunes a real model on folds in the order of time', async () => {
    const random = createRandom(3);
    const matrix = createMatrix(
      Float64Array.from({ length: 900 * 3 }, () => random.normal()),
      900,
      3,
    );
    const target = Float64Array.from({ length: 900 }, (_, row) => {
      return Math.sin(2 * matrix.data[row * 3]!) + Math.sign(matrix.data[row * 3 + 1]!) + 0.3 * random.normal();
    });
    const indices = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    const space = {
      learningRate: { kind: 'number', min: 0.01, max: 0.5, scale: 'log' },
      maxLeaves: { kind: 'integer', min: 2, max: 32, scale: 'log' },
    } as const;
    const result = await searchHyperParameters({
      space,
      defaults: { learningRate: 0.01, maxLeaves: 2 },
      folds: timeFolds(900, { folds: 2, gap: 10 }),
      candidates: 9,
      budgetSeconds: 60,
      now: () => 0,
      seed: 1,
      evaluate: ({ parameters, fold }) => {
        const train = indices(fold.trainFrom, fold.trainTo);
        const rows = { matrix: takeRows(matrix, train), target: Float64Array.from(train, (row) => target[row]!) };
        const model = fitGradientBoosting(rows, { objective: 'squared', seed: 1, trees: 40, ...parameters });
        const valid = indices(fold.validFrom, fold.validTo);
        const predicted = model.predictBatch(takeRows(matrix, valid));
        return predicted.reduce((sum, y, i) => sum + (y - target[valid[i]!]!) ** 2 / valid.length, 0);
      },
    });
    expect(result.loss).toBeLessThan(0.4 * result.defaultLoss);
  });

  it.each<[string, Partial<HyperSearchOptions<Space>>]>([
    ['no folds', { folds: [] }],
    ['a budget below zero', { budgetSeconds: -1 }],
    ['candidates below zero', { candidates: -1 }],
  ])('refuses %s', async (_, options) => {
    await expect(searchHyperParameters({ ...base, ...options })).rejects.toMatchObject({ code: 'ML_PARAMETER' });
  });

  it.each<[string, HyperSpace]>([
    ['bounds the wrong way round', { x: { kind: 'number', min: 1, max: 0 } }],
    ['a logarithm of zero', { x: { kind: 'number', min: 0, max: 1, scale: 'log' } }],
    ['half integers', { x: { kind: 'integer', min: 0.5, max: 2 } }],
    ['no values', { x: { kind: 'choice', values: [] } }],
  ])('refuses a space of %s', async (_, space) => {
    const options = { folds: FOLDS, evaluate: () => 0, budgetSeconds: 1, now: () => 0, seed: 1 };
    const search = searchHyperParameters({ ...options, space, defaults: { x: 0 } });
    await expect(search).rejects.toMatchObject({ code: 'ML_PARAMETER' });
  });
});

describe('drawParameters', () => {
  it('stays within bounds, reaches both ends, and spreads logarithms evenly', () => {
    const random = createRandom(2);
    const drawn = Array.from({ length: 4000 }, (_, i) => drawParameters(SPACE, random.fork(i)));
    expect(new Set(drawn.map(({ depth }) => depth)).size).toBe(8);
    expect(drawn.every(({ rate }) => rate >= 1e-4 && rate <= 1)).toBe(true);
    const below = drawn.filter(({ rate }) => rate < 1e-2).length / drawn.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(drawn.filter(({ loss }) => loss === 'huber').length / drawn.length - 0.5)).toBeLessThan(0.03);
  });
});

describe('timeFolds', () => {
  it('never trains on what is not older than what it validates, by at least the gap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 5000 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        // oxlint-disable-next-line eslint/max-params -- fast-check passes what it drew one by one
        (rows, folds, gap, maxTrain) => {
          const found = timeFolds(rows, { folds, gap, maxTrain });
          let next = rows - Math.floor(rows / 2);
          for (const { trainFrom, trainTo, validFrom, validTo } of found) {
            expect(trainFrom).toBeGreaterThanOrEqual(0);
            expect(trainTo).toBeGreaterThan(trainFrom);
            expect(trainTo - trainFrom).toBeLessThanOrEqual(maxTrain);
            expect(trainTo + gap).toBe(validFrom);
            expect(validFrom).toBe(next);
            next = validTo;
          }
          expect(next).toBe(rows);
        },
      ),
    );
  });

  it('says when there are too few rows', () => {
    const empty = expect.objectContaining({ code: 'ML_EMPTY' });
    expect(() => timeFolds(1)).toThrow(empty);
    expect(() => timeFolds(100, { gap: 50 })).toThrow(empty);
    expect(() => timeFolds(4, { folds: 5 })).toThrow(empty);
  });
});
