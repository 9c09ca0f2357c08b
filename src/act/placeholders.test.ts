import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entity } from '../model/entity.ts';
import { fillPlaceholders, type PlaceholderContext } from './placeholders.ts';

const entity = (labels: Record<string, string>): Entity => ({
  id: 'pod/shop/cart-0',
  kind: 'pod',
  name: 'shop/cart-0',
  fleet: 'default',
  labels,
  firstSeen: 0,
  lastSeen: 0,
});
const context = (labels: Record<string, string> = {}): PlaceholderContext => ({
  entity: entity({ namespace: 'shop', 'app.kubernetes.io/name': 'cart', ...labels }),
  feature: { name: 'filesystem_used_bytes{mountpoint="/data"}', labels: { mountpoint: '/data' } },
  incident: 'incident_1',
});

test('fills every kind of placeholder, wherever a text stands', () => {
  const args = {
    argv: [
      'clean',
      '{entity.name}',
      '{labels.app.kubernetes.io/name}',
      '{feature.labels.mountpoint}/junk',
      '{a}',
      '{}',
    ],
    body: { list: ['{incident.id}', 3, null], deep: { kind: '{entity.kind}', feature: '{feature.name}' } },
    url: 'http://x/{entity.name}?m={feature.labels.mountpoint}',
  };
  expect(fillPlaceholders(args, context()).args).toEqual({
    argv: ['clean', 'shop/cart-0', 'cart', '/data/junk', '{a}', '{}'],
    body: {
      list: ['incident_1', 3, null],
      deep: { kind: 'pod', feature: 'filesystem_used_bytes{mountpoint="/data"}' },
    },
    url: 'http://x/shop%2Fcart-0?m=%2Fdata',
  });
});

test.each([
  '{labels.absent}',
  '{feature.labels.absent}',
  '{entity.age}',
  '{entty.name}',
  '{labels.__proto__}',
  '{labels.empty}',
])('refuses %s rather than guess', (placeholder) => {
  expect(fillPlaceholders({ argv: ['x', placeholder] }, context({ empty: '' }))).toEqual({
    args: null,
    problem: { key: 'act.placeholderMissing', values: { placeholder } },
  });
});

test('refuses a feature where there is none', () => {
  const without = { ...context(), feature: null };
  expect(fillPlaceholders({ argv: ['{feature.name}'] }, without).problem?.key).toBe('act.placeholderMissing');
});

test.each([['--force'], ['-rf'], ['a\nb'], ['a\u0000b'], ['${env:TOKEN}']])(
  'refuses the label %j, which a sender of metrics could choose',
  (namespace) => {
    const filled = fillPlaceholders({ argv: ['rm', '{labels.namespace}'] }, context({ namespace }));
    expect(filled.problem?.key).toBe('act.placeholderUnsafe');
  },
);

test('no label changes how many arguments there are, makes an option, or is filled twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (namespace) => {
      const { args } = fillPlaceholders({ argv: ['rm', '{labels.namespace}', '-v'] }, context({ namespace }));
      const kept = !namespace.startsWith('-') && isDeepStrictEqual(args, { argv: ['rm', namespace, '-v'] });
      expect(args === null || kept).toBe(true);
    }),
  );
  const { args } = fillPlaceholders({ argv: ['{labels.namespace}'] }, context({ namespace: '{entity.name}' }));
  expect(args).toEqual({ argv: ['{entity.name}'] });
});

test('a type takes nothing but what it names', () => {
  const fill = (type: string, value: string) => fillPlaceholders({ a: `{labels.x:${type}}` }, context({ x: value }));
  const taken: [string, string][] = [
    ['name', 'cart-7d9.shop'],
    ['name', 'getty@tty1.service'],
    ['number', '3.5'],
    ['path', '/var/lib/a..b/c'],
    ['host', 'db-1.example.org:5432'],
    ['host', '[::1]:80'],
  ];
  for (const [type, value] of taken) expect([value, fill(type, value).args]).toEqual([value, { a: value }]);
  const refused: [string, string][] = [
    ['name', 'a/b'],
    ['name', '../etc'],
    ['name', '-rf'],
    ['name', 'a b'],
    ['name', 'x'.repeat(254)],
    ['number', '1e9'],
    ['number', '3; reboot'],
    ['path', 'relative'],
    ['path', '/srv/../etc/passwd'],
    ['host', 'a b'],
    ['host', 'user@host'],
    ['nothing', 'a'],
  ];
  for (const [type, value] of refused)
    expect([value, fill(type, value).problem]).toEqual([
      value,
      { key: 'act.placeholderType', values: { placeholder: `{labels.x:${type}}`, type } },
    ]);
});
