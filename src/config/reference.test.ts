import { expect, test } from 'vitest';
import { environmentSettings } from './environment.ts';
import { settingsReference } from './reference.ts';

test('docs/guide/settings.md is fresh; `npm run unit -- -u` writes it anew', async () => {
  await expect(settingsReference()).toMatchFileSnapshot('../../docs/guide/settings.md');
});

test('names every setting, and every variable', () => {
  const text = settingsReference();
  for (const { name } of environmentSettings) expect(text).toContain(`\`${name}\``);
  expect(text).toContain('| `actions[].id` |');
  expect(text).toContain('| `collect.scrape[].targets` |');
});
