import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { FailureFit } from '../../src/model/failure-fitter.ts';
import { generatedFleet } from '../../src/predict/hazard/check-fleet.ts';
import { fitFailures } from '../../src/predict/failures/fit-failures.ts';
import type * as FitThread from '../../src/predict/failures/fit-thread.ts';
import { createHazardFactory } from '../../src/predict/hazard/hazard-factory.ts';

/** Threads run compiled code, so the fitter is the built one. */
const built = resolve(import.meta.dirname, '../../dist/predict/failures/fit-thread.js');
const { failureFitThread } = (await import(built)) as typeof FitThread;

const fitter = failureFitThread();
afterAll(() => fitter.close());

const ENTITIES = 20;
const APART = 30;

/** Runs to failure that began one after the other, so that there is an earlier and a later part; the last quarter is judged. */
function request(): FailureFit {
  const { columns, entities } = generatedFleet({ entities: ENTITIES, seed: 3 }).fleet;
  const later = entities.map(({ entity, times, values, failures, observedFrom, observedTo }, e) => {
    const shift = APART * e;
    return {
      entity,
      times: times.map((time) => time + shift),
      values,
      failures: failures.map(({ time, kind }) => ({ time: time + shift, kind })),
      events: [],
      observedFrom: observedFrom + shift,
      observedTo: observedTo + shift,
    };
  });
  const options = { horizons: [5, 10, 20], seed: 1, quiet: 0, budgetMs: 1000 };
  return { fleet: { columns, entities: later }, cut: 0.75 * APART * ENTITIES, options, mostJudged: 1000 };
}

it('a failure model of a thread is that of the same fit here, and tells how far it is', async () => {
  const steps: string[] = [];
  const { signal } = new AbortController();
  const onProgress = ({ step }: { readonly step: string }): void => void steps.push(step);
  const thread = await fitter.fit(request(), { signal, onProgress });
  const here = await fitFailures(request(), createHazardFactory(), { onProgress: () => undefined });
  if (!thread.ready || !here.ready) throw new Error('not enough evidence');
  expect(Buffer.compare(thread.bytes, here.bytes)).toBe(0);
  expect([...thread.judged.probabilities]).toEqual([...here.judged.probabilities]);
  expect(thread.judged.times.length).toBeGreaterThan(100);
  expect(steps).toContain('models');
});

it('a training that is no longer wanted ends, and the next one is made', async () => {
  const end = new AbortController();
  const running = fitter.fit(request(), { signal: end.signal, onProgress: () => end.abort() });
  await expect(running).rejects.toThrow(/abort|cancel|terminat/i);
  const few = { ...request(), cut: APART };
  const after = await fitter.fit(few, { signal: new AbortController().signal, onProgress: () => undefined });
  expect(after).toMatchObject({ ready: false });
});
