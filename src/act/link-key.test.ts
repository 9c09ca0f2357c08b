import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { linkKey } from './link-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-link-key-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('is made once, and for nobody else to read', () => {
  const key = linkKey(folder);
  expect(key).toHaveLength(32);
  expect(linkKey(folder)).toEqual(key);
  expect(readdirSync(folder)).toEqual(['link.key']);
  expect(statSync(join(folder, 'link.key')).mode & 0o777).toBe(0o600);
});

test('one that was cut short is made anew, never signed with', () => {
  const before = readFileSync(join(folder, 'link.key'), 'utf8');
  for (const damaged of ['', before.slice(0, 20), 'no key at all']) {
    writeFileSync(join(folder, 'link.key'), damaged);
    const key = linkKey(folder);
    expect(key).toHaveLength(32);
    expect(linkKey(folder)).toEqual(key);
  }
});
