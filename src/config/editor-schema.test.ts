import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { editorSchema } from './editor-schema.ts';

test('vigia.schema.json is fresh; `npm run unit -- -u` writes it anew', async () => {
  await expect(editorSchema()).toMatchFileSnapshot('../../vigia.schema.json');
});

test('editors accept what Vigía accepts', () => {
  const validate = new Ajv().compile(JSON.parse(editorSchema()) as object);
  expect(validate({})).toBe(true);
  expect(validate({ step: '5s', api: { port: 0 } })).toBe(true);
  expect(validate({ actions: [{ template: 'restart-unit' }] })).toBe(true);
  expect(validate({ actions: [{ id: 'a' }] })).toBe(false);
  expect(validate({ step: 5 })).toBe(false);
  expect(validate({ api: { prot: 0 } })).toBe(false);
});
