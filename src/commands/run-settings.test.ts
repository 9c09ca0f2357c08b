import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { SettingStore, Store } from '../store/store.ts';
import { createSettings } from './run-settings.ts';

let store: Store;
beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
});
afterAll(() => store.close());

function configured(): Config {
  const loaded = parseConfig('{}', { file: 'vigia.yaml', environment: {}, folder: '/nowhere' });
  if (!loaded.ok) throw new Error('an empty configuration is one');
  return loaded.config;
}

test('the kill switch is on at once while the database is down, stays on when it is back, and is stored then', async () => {
  let down = false;
  const failing: SettingStore = {
    ...store.settings,
    all: async () =>
      down ? Promise.reject(new VigiaError('STORE_UNAVAILABLE', { detail: 'gone' })) : store.settings.all(),
    set: async (...change) =>
      down ? Promise.reject(new VigiaError('STORE_UNAVAILABLE', { detail: 'gone' })) : store.settings.set(...change),
  };
  const deps = { clock: systemClock, onChange: () => undefined };
  const here = await createSettings(configured(), { ...deps, store: failing });
  down = true;
  const pressed = here.change({ ...here.current(), killSwitch: true }, 'ana');
  expect(here.current().killSwitch).toBe(true);
  await expect(pressed).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(here.read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(here.current().killSwitch).toBe(true);
  down = false;
  await here.read();
  expect(here.current().killSwitch).toBe(true);
  // Another process sees it now, and what that one changes later is heard here.
  const elsewhere = await createSettings(configured(), { ...deps, store: store.settings });
  expect(elsewhere.current().killSwitch).toBe(true);
  await elsewhere.change({ ...elsewhere.current(), killSwitch: false }, 'bob');
  await here.read();
  expect(here.current().killSwitch).toBe(false);
});
