import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelFile } from '../../src/learn/predictors/check-model-file.ts';
import type { Model } from '../../src/model/failure.ts';
import { generatedFleet } from '../../src/predict/hazard/check-fleet.ts';
import { createHazardFactory } from '../../src/predict/hazard/hazard-factory.ts';
import { cleanUp, eventually, type RunningVigia, startVigia } from '../system/vigia.ts';

const executablePath = '/usr/bin/chromium';
const HORIZONS = [3600, 7200, 14_400];

/** A trained model as a file, as somebody else's Vigía has exported it. */
async function exported(): Promise<Buffer> {
  const { fleet } = generatedFleet({ entities: 12, seed: 4 });
  const options = { horizons: HORIZONS, unitMs: 1000, asked: 'others', seed: 1, budgetMs: 5000 } as const;
  const slower = fleet.entities.map(({ entity, times, values, failures, observedFrom, observedTo }) => {
    const at = (cycle: number): number => 600 * cycle;
    return {
      entity,
      times: times.map(at),
      values,
      failures: failures.map(({ time, kind }) => ({ time: at(time), kind })),
      events: [],
      observedFrom: at(observedFrom),
      observedTo: at(observedTo),
    };
  });
  const outcome = await createHazardFactory().fit({ columns: fleet.columns, entities: slower }, options);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  return modelFile(outcome.predictor, { version: new Date().toISOString(), trainedTo: Date.now() });
}

describe.skipIf(!existsSync(executablePath))('the page of a failure model (needs: apt-get install chromium)', () => {
  let vigia: RunningVigia;
  let browser: Browser;
  let first: string;
  let second: string;

  const post = (path: string, body: Uint8Array<ArrayBuffer> | null, type: string): Promise<Response> =>
    fetch(`${vigia.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'x-vigia': '1', 'content-type': type },
      body: body ?? '{}',
    });
  async function entered(file: Buffer): Promise<string> {
    const answer = await post('/models', new Uint8Array(file), 'application/octet-stream');
    expect(answer.status).toBe(201);
    return ((await answer.json()) as Model).id;
  }
  const stateOf = async (id: string): Promise<Model['state']> => (await vigia.get<Model>(`/api/v1/models/${id}`)).state;
  const becomes = (id: string, state: Model['state']): Promise<true> =>
    eventually(`${id} is ${state}`, 60_000, async () => (await stateOf(id)) === state);

  beforeAll(async () => {
    vigia = await startVigia({
      config: { collect: { host: { enabled: false } }, predict: { horizons: ['1h', '2h', '4h'] } },
    });
    const file = await exported();
    first = await entered(file);
    second = await entered(file);
    const promoted = await post(`/models/${first}/promote`, null, 'application/json');
    if (!promoted.ok) throw new Error(await promoted.text());
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  });
  afterAll(async () => {
    await browser?.close();
    await vigia?.stop();
    cleanUp();
  });

  async function open(path: string): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(vigia.url + path);
    return page;
  }

  it('shows calibration, lead time, what the contract buys, drift, the champion beside it, weighting and cost', async () => {
    const page = await open('/models');
    await page
      .getByRole('link', { name: /Open the report/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1, name: 'Risk of failure: host' }).waitFor();
    await page.goto(`${vigia.url}/models/${second}`);
    for (const name of [
      'When it pages, and what that buys',
      'Beside the one in use',
      'Does what it says come true?',
      'How early does it warn?',
      'Does it still fit?',
      'Learning from what was acted upon',
      'What it costs',
    ])
      await page.getByRole('heading', { level: 2, name }).waitFor();
    await page.getByRole('term').filter({ hasText: 'of failures announced in time' }).waitFor({ state: 'attached' });
    await page.getByText('no weighting is possible').first().waitFor();
    await expect.poll(() => page.getByText('Not decided yet').count(), { timeout: 60_000 }).toBe(1);
    await page.context().close();
  });

  it('is put in use and rolled back by the page, asked once each time', async () => {
    const page = await open(`/models/${second}`);
    await page.getByRole('button', { name: 'Put it in use…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The one in use now is kept').waitFor();
    expect(await stateOf(second)).toBe('challenger');
    await dialog.getByRole('button', { name: 'Put it in use', exact: true }).click();
    await becomes(second, 'champion');
    expect(await stateOf(first)).toBe('retired');
    await page.getByRole('button', { name: 'Roll back…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click();
    await becomes(second, 'retired');
    await becomes(first, 'champion');
    await page.context().close();
  });
});
