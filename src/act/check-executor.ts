import { describe, expect, test } from 'vitest';
import type { ExecutionRequest, Executor } from '../model/executor.ts';
import { MAX_OUTPUT } from './executors/output-tail.ts';

type Args = Readonly<Record<string, unknown>>;

/** What the suite needs of an executor: arguments that make it do each thing once, and a way to see what it did. */
export interface ExecutorHarness {
  readonly executor: Executor;
  /** Acts once, visibly. */
  readonly working: Args;
  readonly acted: () => Promise<number>;
  /** Is refused by its target. */
  readonly failing: Args;
  /** Never ends by itself. */
  readonly hanging: Args;
  /** Resolves when a hanging execution is under way. */
  readonly hangs: () => Promise<void>;
  /** How much of what hanging executions started is still there. */
  readonly left: () => Promise<number>;
  /** Has a target that is not there. */
  readonly missing: Args;
  /** Is given the secret by reference, and prints it. */
  readonly telling: Args;
  readonly secret: string;
  /** Prints much more than is kept. */
  readonly chatty: Args;
}

let serial = 0;
const request = (args: Args, timeoutMs = 20_000): ExecutionRequest => ({
  key: `run_check_${process.pid}_${++serial}`,
  entity: 'host/check',
  args,
  timeoutMs,
});
const never = (): AbortSignal => new AbortController().signal;

/** What every executor keeps to, whatever it carries out. */
export function checkExecutor(name: string, harness: () => ExecutorHarness): void {
  describe(`the executor ${name}`, () => {
    test('plans without doing anything, and plans the same again', async () => {
      const { executor, working, acted } = harness();
      const before = await acted();
      const asked = request(working);
      const plan = executor.plan(asked);
      expect(plan.length).toBeGreaterThan(0);
      expect(executor.plan(asked)).toEqual(plan);
      expect(await acted()).toBe(before);
    });

    test('acts once', async () => {
      const { executor, working, acted } = harness();
      const before = await acted();
      expect(await executor.execute(request(working), never())).toMatchObject({ status: 'succeeded', error: null });
      expect(await acted()).toBe(before + 1);
    });

    test('acts once for one key, however often it is asked', async () => {
      const { executor, working, acted } = harness();
      const before = await acted();
      const asked = request(working);
      const both = await Promise.all([executor.execute(asked, never()), executor.execute(asked, never())]);
      expect(both.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
      await executor.execute(asked, never());
      expect(await acted()).toBe(before + 1);
    });

    test('says that its target refused, and that there is none', async () => {
      const { executor, failing, missing } = harness();
      const refused = await executor.execute(request(failing), never());
      expect(refused.status).toBe('failed');
      expect(refused.error?.code).toMatch(/^EXECUTOR_(FAILED|REFUSED)$/);
      const gone = await executor.execute(request(missing), never());
      expect(gone.status).toBe('failed');
      expect(gone.error?.code).toMatch(/^EXECUTOR_(MISSING|UNREACHABLE)$/);
    });

    test('ends all that it started when the time is over', async () => {
      const { executor, hanging, left } = harness();
      const result = await executor.execute(request(hanging, 1000), never());
      expect(result.status).toBe('failed');
      // What runs elsewhere cannot be ended from here: then it is said that it may still be at it.
      expect(result.error?.code).toMatch(/^EXECUTOR_(TIMEOUT|UNFINISHED)$/);
      // Whoever is on the other side hears of it a moment later.
      await expect.poll(left).toBe(0);
    });

    test('ends all that it started when it is told to stop', async () => {
      const { executor, hanging, hangs, left } = harness();
      const stop = new AbortController();
      const running = executor.execute(request(hanging), stop.signal);
      await hangs();
      expect(await left()).toBeGreaterThan(0);
      stop.abort();
      expect(await running).toMatchObject({ status: 'failed', error: { code: 'EXECUTOR_STOPPED' } });
      // Whoever is on the other side hears of it a moment later.
      await expect.poll(left).toBe(0);
    });

    test('does nothing when it was stopped before it began', async () => {
      const { executor, working, acted } = harness();
      const before = await acted();
      const result = await executor.execute(request(working), AbortSignal.abort());
      expect(result).toMatchObject({ status: 'failed', error: { code: 'EXECUTOR_STOPPED' } });
      expect(await acted()).toBe(before);
    });

    test('never shows a secret', async () => {
      const { executor, telling, secret } = harness();
      const asked = request(telling);
      expect(executor.plan(asked).join('\n')).not.toContain(secret);
      const result = await executor.execute(asked, never());
      expect(result.status).toBe('succeeded');
      expect(JSON.stringify(result)).not.toContain(secret);
      expect(result.output).toContain('***');
    });

    test('keeps a bounded part of what is printed, as text that can be stored', async () => {
      const { executor, chatty } = harness();
      const { output } = await executor.execute(request(chatty), never());
      expect(output.length).toBeGreaterThan(MAX_OUTPUT / 4);
      expect(output.length).toBeLessThanOrEqual(MAX_OUTPUT);
      expect(output).not.toContain('\u0000');
      expect(() => encodeURIComponent(output.slice(1))).not.toThrow();
    });
  });
}
