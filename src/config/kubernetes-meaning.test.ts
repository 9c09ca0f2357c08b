import { describe, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { parseConfig } from './load-config.ts';
import { describeMistakes } from './mistake.ts';

const words = createText()('en');

function mistakes(text: string): string[] {
  const loaded = parseConfig(text, { file: 'vigia.yaml', environment: {}, folder: '/' });
  return loaded.ok ? [] : describeMistakes(loaded.mistakes, words).split('\n');
}

const action = (args: string): string =>
  `actions:\n  - id: a\n    title: {en: A, es: A}\n    executor: kubernetes\n    args: ${args}\n`;

describe('arguments of the executor kubernetes', () => {
  test.each([
    '{do: restart, kind: deployment, namespace: "{labels.namespace}", name: web, dryRun: true}',
    '{do: scale, kind: statefulset, namespace: shop, name: db, by: 1, most: 5}',
    '{do: rollback, namespace: shop, name: web, revision: 3}',
    '{do: drain, node: "{labels.node}", deleteEmptyDir: true, graceSeconds: 60}',
    '{do: deletePod, namespace: shop, name: "{labels.pod}"}',
  ])('may be %s', (args) => {
    expect(mistakes(action(args))).toEqual([]);
  });

  test.each([
    [
      '{}',
      'actions[0].args: found nothing; expected one of restart, scale, rollback, cordon, uncordon, drain, deletePod',
    ],
    ['{do: restrat}', 'actions[0].args.do: found "restrat"; did you mean "restart"?'],
    ['{do: cordon}', 'actions[0].args: found nothing; expected node here'],
    [
      '{do: cordon, node: n, nmae: x}',
      'actions[0].args.nmae: there is no such setting; expected one of do, node, dryRun',
    ],
    [
      '{do: scale, kind: deployment, namespace: s, name: n, replicas: -1}',
      'args.replicas: found -1; expected 0 to 100000',
    ],
    ['{do: scale, kind: deployment, namespace: s, name: n}', 'expected one of replicas, by'],
    ['{do: scale, kind: deployment, namespace: s, name: n, by: 1, replicas: 2}', 'expected one of replicas, by'],
    ['{do: restart, kind: job, namespace: s, name: n}', 'args.kind: found "job"; expected one of deployment'],
  ])('are not %s', (args, expected) => {
    expect(mistakes(action(args)).join('\n')).toContain(expected);
  });
});

test('syslog over TLS without a certificate is a mistake, not a listener that refuses everybody', () => {
  const syslog = (rest: string): string[] => mistakes(`collect:\n  syslog:\n    - {name: s, protocol: tls${rest}}\n`);
  expect(syslog('')).toEqual([
    'vigia.yaml:3: collect.syslog[0]: found nothing; expected cert here',
    'vigia.yaml:3: collect.syslog[0]: found nothing; expected key here',
  ]);
  expect(syslog(', cert: c.pem')).toEqual(['vigia.yaml:3: collect.syslog[0]: found nothing; expected key here']);
  expect(syslog(', cert: c.pem, key: k.pem')).toEqual([]);
});
