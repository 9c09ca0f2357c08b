import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceFactory } from '../model/source.ts';
import type { SampleBatch } from '../model/series.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { BroughtSource } from './brought-source.ts';
import { checkSource } from './check-source.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES, FALLBACK_ENTITY } from './entity-rules.ts';
import { loadSources } from './load-source.ts';
import { DEFAULT_SERIES_LIMITS } from './series-registry.ts';

const PATIENCE = 30_000;
const fixtures = resolve(import.meta.dirname, '../../test/fixtures');
const tools = { now: () => Date.now(), sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal) };

const server = createServer((_request, response) => response.end('{"mail": 12, "print": 0}'));
beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
afterAll(() => void server.close());
const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** Runs a source until it has published so often, or failed. */
async function run(
  source: Awaited<ReturnType<typeof loadSources>>[number]['source'],
  until: (view: ReturnType<BroughtSource['view']>) => boolean,
) {
  const batches: SampleBatch[] = [];
  const end = new AbortController();
  const brought = new BroughtSource(
    { name: 'queues', source },
    {
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
      assign: createEntityRules(DEFAULT_ENTITY_RULES, FALLBACK_ENTITY),
      limits: { lineBytes: 1000, aheadMs: 60_000, behindMs: 3_600_000 },
      seriesLimits: { ...DEFAULT_SERIES_LIMITS, series: 3 },
      publish: async (some) => void batches.push(...some),
    },
  );
  const running = brought.run(end.signal);
  await expect.poll(() => until(brought.view()), { timeout: PATIENCE }).toBe(true);
  end.abort();
  await running;
  return { batches, view: brought.view() };
}

describe('a source of a package', () => {
  it('brings samples of the entities that its labels name', async () => {
    const asked = { name: 'queues', package: './example-source', options: { url: url(), service: 'mailer' } };
    const [loaded] = await loadSources([asked], fixtures, tools);
    const { batches, view } = await run(loaded!.source, ({ samples }) => samples > 0);
    expect(batches[0]).toMatchObject({ entity: 'service/mailer', source: 'queues' });
    expect([...batches[0]!.values]).toEqual([12, 0]);
    expect(view).toMatchObject({ kind: 'package', state: 'up', samples: 2, series: 2 });
  });

  it('is bounded, and what makes no sense is counted, as for every source', async () => {
    const wild = Array.from({ length: 10 }, (_, i) => ({ name: 'x', labels: { i: String(i) }, value: i }));
    const { view } = await run(
      {
        run: async (outlet, signal) => {
          await outlet.samples([
            ...wild,
            { name: 'x', labels: { i: '0' }, value: 1, time: Date.now() - 400 * 86_400_000 },
            { name: 'x', labels: { i: '0' }, value: 1, time: Date.now() + 400 * 86_400_000 },
            { name: 'x', labels: { i: 3 }, value: 'many' } as never,
          ]);
          await tools.sleep(60_000, signal);
        },
      },
      ({ samples }) => samples > 0,
    );
    expect(view.drops).toEqual({ series_limit: 7, too_old: 1, too_far_ahead: 1, malformed: 1 });
    expect(view.worst).toEqual([{ metric: 'x', refused: 7 }]);
    expect(Math.abs(view.skewMs ?? Infinity)).toBeLessThan(PATIENCE);
  });

  it('that fails is shown, run again, and harms nobody', async () => {
    let tries = 0;
    const { view } = await run(
      { run: async () => Promise.reject(new Error(`no queue ${(tries += 1)}`)) },
      () => tries > 1,
    );
    expect(view.state).toBe('down');
    expect(view.lastError?.phrase.values['detail']).toMatch(/no queue/);
  });

  it.each([
    [{ package: './example-source', options: {} }, /`url` must be/],
    [{ package: './example-executor', options: {} }, /no export `source`/],
    [{ package: './nothing', options: {} }, /nothing/],
  ])('is refused with the reason', async (asked, reason) => {
    await expect(loadSources([{ name: 'a', ...asked }], fixtures, tools)).rejects.toThrow(reason);
  });
});

it.each(['source', 'step'])('the guide shows this very %s', (what) => {
  const guide = readFileSync(resolve(fixtures, '../../docs/guide/extending-sources.md'), 'utf8');
  const shown = [...guide.matchAll(/```js\n(.*?)\n {3}```/gs)].map(([, code]) => code?.replaceAll(/^ {3}/gm, ''));
  expect(shown).toContain(readFileSync(resolve(fixtures, `example-${what}/index.js`), 'utf8').trimEnd());
});

describe('the example source', async () => {
  const { source } = (await import(resolve(fixtures, 'example-source/index.js'))) as { source: SourceFactory };
  checkSource((quick) => source.create({ url: url(), service: 'mailer' }, quick));
});
