import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PreparationStep, SeriesShape, StepResult } from '../../model/preparation.ts';

const METRIC_TYPES = ['gauge', 'counter', 'histogram', 'summary', 'stateset', 'info', 'unknown'] as const;

const shapes: fc.Arbitrary<SeriesShape> = fc.record({
  name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,30}$/),
  labels: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 4 }),
  type: fc.constantFrom(...METRIC_TYPES),
  unit: fc.constantFrom('', 'seconds', 'milliseconds', 'bytes', 'KiBy', '%', 'ratio', 'kelvin', '{request}/min'),
});

/** What is wrong with an answer; null when nothing is. */
function faultOf(result: StepResult): string | null {
  if ('drop' in result) return /^\S+$/.test(result.drop) ? null : 'the reason is empty or has blanks';
  const { keep, scale = 1, offset = 0 } = result;
  if (keep.name === '') return 'no name';
  if (!METRIC_TYPES.includes(keep.type)) return 'no type of a metric';
  if (Object.values(keep.labels).some((value) => typeof value !== 'string')) return 'a label is no text';
  return Number.isFinite(scale) && scale !== 0 && Number.isFinite(offset) ? null : 'no finite change';
}

/** What every step of preparation must keep to, so that what is prepared again is prepared alike. */
export function checkStep(make: () => PreparationStep): void {
  it('answers the same whenever and by whomever it is asked, and changes nothing that it is given', () => {
    const [one, other] = [make(), make()];
    fc.assert(
      fc.property(fc.array(shapes, { maxLength: 10 }), (all) => {
        const before = structuredClone(all);
        const answers = all.map((shape) => one.prepare(shape, 'host/a'));
        expect(all).toEqual(before);
        expect(
          all
            .toReversed()
            .map((shape) => other.prepare(shape, 'host/a'))
            .toReversed(),
        ).toEqual(answers);
      }),
    );
    expect(other.version).toBe(one.version);
  });

  it('keeps a series with a name and finite changes, or says in words without blanks why not', () => {
    const step = make();
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(faultOf(step.prepare(shape, 'host/a'))).toBeNull();
      }),
    );
  });

  it('has a name and a version', () => {
    const { name, version } = make();
    expect(name).toMatch(/^[a-z][a-z0-9-]{0,39}$/);
    expect(version).not.toBe('');
  });
}
