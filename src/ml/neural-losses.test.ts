import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Loss, evaluateLoss, failureByHorizon, hazardTargets } from './neural-losses.ts';

/** Loss and gradient of rows of outputs against targets, all rows in order. */
function run(loss: Loss, outputs: number[][], targets: number[][], weights?: number[]) {
  const width = outputs[0]!.length;
  const floats = Float32Array.from([...outputs.flat(), ...outputs.flat().map(() => 9)]);
  const sum = evaluateLoss(loss, {
    floats,
    output: 0,
    gradient: outputs.length * width,
    stride: width,
    targets: Float32Array.from(targets.flat()),
    outputs: width,
    rows: Uint32Array.from(outputs.keys()),
    weights: weights && Float32Array.from(weights),
  });
  return { ...sum, mean: sum.sum / sum.weight, gradient: floats.slice(outputs.length * width) };
}

const { NaN: missing } = Number;

describe('losses', () => {
  it.each<[Loss, number]>([
    [{ kind: 'squared' }, (1 + 0.25 + 9) / 3],
    [{ kind: 'huber', delta: 1 }, (0.5 + 0.125 + 2.5) / 3],
    [{ kind: 'huber', delta: 2 }, (0.5 + 0.125 + 4) / 3],
  ])('%o by hand, over the known targets', (loss, expected) => {
    const { mean, gradient } = run(
      loss,
      [
        [1, 5],
        [0.5, 3],
      ],
      [
        [0, missing],
        [1, 0],
      ],
    );
    expect(mean).toBeCloseTo(expected, 6);
    expect(gradient[1]).toBe(0);
  });

  it('logistic by hand, with a class weight and a row weight', () => {
    const soft = (z: number): number => Math.log1p(Math.exp(z));
    const { sum, weight } = run({ kind: 'logistic', positiveWeight: 3 }, [[2], [-1]], [[1], [0]], [1, 0.5]);
    expect(sum).toBeCloseTo(3 * soft(-2) + 0.5 * soft(-1), 6);
    expect(weight).toBe(1.5);
  });

  it('stays finite for logits that overflow an exponential', () => {
    const { mean, gradient } = run({ kind: 'logistic' }, [[1e4, -1e4, 1e4]], [[0, 1, 1]]);
    expect(mean).toBeCloseTo(2e4 / 3, 0);
    expect([...gradient]).toEqual([1 / 3, -1 / 3, 0].map(Math.fround));
  });

  it('hazard is the censored likelihood of the times', () => {
    // Failed in the second of three intervals; censored after the first; survived all.
    const targets = hazardTargets([15, 10, 99], [1, 0, 0], [10, 20, 30]);
    const h = [0.1, 0.3, 0.6];
    const logits = h.map((p) => Math.log(p / (1 - p)));
    const rows = [0, 1, 2].map((i) => Array.from(targets.subarray(i * 3, i * 3 + 3)));
    const { mean } = run({ kind: 'hazard' }, [logits, logits, logits], rows);
    const likelihood = 0.9 * 0.3 * 0.9 * (0.9 * 0.7 * 0.4);
    expect(mean).toBeCloseTo(-Math.log(likelihood) / 3, 5);
  });

  it('gradients equal finite differences, wherever the loss is smooth', () => {
    const value = fc.double({ min: -4, max: 4, noNaN: true });
    const losses: Loss[] = [
      { kind: 'squared' },
      { kind: 'huber', delta: 0.7 },
      { kind: 'logistic', positiveWeight: 2.5 },
      { kind: 'hazard', positiveWeight: 0.5 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...losses),
        fc.array(fc.tuple(value, value, fc.constantFrom(0, 1, missing), fc.double({ min: 0.1, max: 3, noNaN: true })), {
          minLength: 1,
          maxLength: 5,
        }),
        (loss, rows) => {
          const targets = rows.map(([, , target]) => [target, 0.5]);
          const weights = rows.map(([, , , weight]) => weight);
          const at = (shift: number, place: number): number => {
            const outputs = rows.map(([a, b], i) => [
              a + (place === 2 * i ? shift : 0),
              b + (place === 2 * i + 1 ? shift : 0),
            ]);
            return run(loss, outputs, targets, weights).mean;
          };
          const { gradient } = run(
            loss,
            rows.map(([a, b]) => [a, b]),
            targets,
            weights,
          );
          for (const [place, slope] of gradient.entries()) {
            const numeric = (at(0.01, place) - at(-0.01, place)) / 0.02;
            // The Huber loss bends within the step at most by its curvature there.
            expect(Math.abs(slope - numeric)).toBeLessThan(0.012);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is no number when an output is none: divergence shows', () => {
    for (const kind of ['squared', 'huber', 'logistic', 'hazard'] as const) {
      expect(run({ kind }, [[1, missing]], [[0, 1]]).mean).toBeNaN();
    }
  });

  it('nothing known: no loss, no weight, no gradient', () => {
    for (const kind of ['squared', 'huber', 'logistic', 'hazard'] as const) {
      expect(run({ kind }, [[1, 2]], [[missing, missing]])).toMatchObject({ sum: 0, weight: 0 });
      expect([...run({ kind }, [[1, 2]], [[missing, missing]]).gradient]).toEqual([0, 0]);
    }
  });
});

describe('hazard targets', () => {
  const edges = [10, 30];
  it.each<[string, number, number, number[]]>([
    ['fails at once', 0, 1, [1, missing]],
    ['fails on an edge', 10, 1, [1, missing]],
    ['fails later', 10.5, 1, [0, 1]],
    ['fails beyond the last edge', 31, 1, [0, 0]],
    ['is lost early', 4, 0, [missing, missing]],
    ['is lost after half of the first', 5, 0, [0, missing]],
    ['is lost after half of the second', 20, 0, [0, 0]],
    ['is never lost', 100, 0, [0, 0]],
  ])('%s', (_, time, failed, expected) => {
    expect([...hazardTargets([time], [failed], edges)]).toEqual(expected);
  });

  it('refuses times, edges and lengths that make no sense', () => {
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => hazardTargets([-1], [0], edges)).toThrowError(code('ML_VALUE'));
    expect(() => hazardTargets([missing], [0], edges)).toThrowError(code('ML_VALUE'));
    expect(() => hazardTargets([1], [0, 1], edges)).toThrowError(code('ML_SHAPE'));
    for (const bad of [[], [0], [10, 10], [missing]]) {
      expect(() => hazardTargets([1], [0], bad)).toThrowError(code('ML_PARAMETER'));
    }
  });

  it('probabilities by horizon never fall and follow the product of survivals', () => {
    const closeTo = (x: number) => expect.closeTo(x, 12);
    expect([...failureByHorizon(Float64Array.of(0.1, 0.5, 0))]).toEqual([closeTo(0.1), closeTo(0.55), closeTo(0.55)]);
  });
});
