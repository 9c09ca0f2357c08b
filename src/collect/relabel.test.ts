import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Labels } from '../model/labels.ts';
import { compileRelabel, relabel, type RelabelRule } from './relabel.ts';

const after = (labels: Labels, ...rules: RelabelRule[]) => relabel(labels, compileRelabel(rules));

/** What Prometheus' documentation says of each action, and what its users rely on. */
const CASES: readonly [string, Labels, readonly RelabelRule[], Labels | null][] = [
  ['no rules', { a: 'foo' }, [], { a: 'foo' }],
  [
    'replace into another label',
    { a: 'foo', b: 'bar', c: 'baz' },
    [{ source_labels: ['a'], regex: 'f(.*)', target_label: 'd', replacement: 'ch${1}-ch${1}' }],
    { a: 'foo', b: 'bar', c: 'baz', d: 'choo-choo' },
  ],
  [
    'rules one after the other',
    { a: 'foo', b: 'bar', c: 'baz' },
    [
      { source_labels: ['a', 'b'], regex: 'f(.*);(.*)r', target_label: 'a', replacement: 'b${1}${2}m' },
      { source_labels: ['c', 'a'], regex: '(b).*b(.*)ba(.*)', target_label: 'd', replacement: '$1$2$2$3' },
    ],
    { a: 'boobam', b: 'bar', c: 'baz', d: 'boooom' },
  ],
  ['drop what fits', { a: 'foo' }, [{ source_labels: ['a'], regex: '.*o.*', action: 'drop' }], null],
  [
    'a pattern is for the whole value',
    { a: 'abc' },
    [{ source_labels: ['a'], regex: 'b', action: 'drop' }],
    { a: 'abc' },
  ],
  ['an alternative is anchored as well', { a: 'ax' }, [{ source_labels: ['a'], regex: 'a|b', action: 'keep' }], null],
  ['keep what fits', { a: 'foo' }, [{ source_labels: ['a'], regex: 'f|foo', action: 'keep' }], { a: 'foo' }],
  ['a missing label is empty', { a: 'foo' }, [{ source_labels: ['z'], regex: '.+', action: 'keep' }], null],
  [
    'what does not fit is left',
    { a: 'foo' },
    [{ source_labels: ['a'], regex: 'x(.*)', target_label: 'a', replacement: '$1' }],
    { a: 'foo' },
  ],
  ['an empty result deletes', { a: 'foo' }, [{ source_labels: ['a'], target_label: 'a', replacement: '' }], {}],
  ['a fixed value', { a: 'foo' }, [{ target_label: 'b', replacement: 'bar' }], { a: 'foo', b: 'bar' }],
  ['a dollar', { a: '5' }, [{ source_labels: ['a'], target_label: 'b', replacement: '$$$1' }], { a: '5', b: '$5' }],
  [
    '$1x is the group "1x"',
    { a: '5' },
    [{ source_labels: ['a'], target_label: 'b', replacement: 'v$1x' }],
    { a: '5', b: 'v' },
  ],
  [
    'a named group',
    { a: 'x:1' },
    [{ source_labels: ['a'], regex: '(?P<h>[^:]+):.*', target_label: 'h', replacement: '$h' }],
    { a: 'x:1', h: 'x' },
  ],
  [
    'the target may be made of the match',
    { a: 'k=v' },
    [{ source_labels: ['a'], regex: '(.*)=(.*)', target_label: 'x_${1}', replacement: '$2' }],
    { a: 'k=v', x_k: 'v' },
  ],
  [
    'an empty target is left out',
    { a: 'v' },
    [{ source_labels: ['a'], regex: '(x)?v', target_label: '$1', replacement: 'y' }],
    { a: 'v' },
  ],
  [
    'another separator',
    { a: 'x', b: 'y' },
    [{ source_labels: ['a', 'b'], separator: '@', target_label: 'c' }],
    { a: 'x', b: 'y', c: 'x@y' },
  ],
  [
    'labelmap',
    { a: 'foo', b1: 'bar', b2: 'baz' },
    [{ regex: '(b.*)', replacement: 'bar_${1}', action: 'labelmap' }],
    { a: 'foo', b1: 'bar', b2: 'baz', bar_b1: 'bar', bar_b2: 'baz' },
  ],
  [
    'labelmap of meta labels',
    { __meta_kubernetes_pod_label_app: 'shop' },
    [{ regex: '__meta_kubernetes_pod_label_(.+)', action: 'labelmap' }],
    { __meta_kubernetes_pod_label_app: 'shop', app: 'shop' },
  ],
  ['labeldrop', { a: '1', b1: '2', b2: '3' }, [{ regex: 'b.*', action: 'labeldrop' }], { a: '1' }],
  ['labelkeep', { a: '1', b1: '2', b2: '3' }, [{ regex: 'b.*', action: 'labelkeep' }], { b1: '2', b2: '3' }],
  [
    'lowercase',
    { a: 'FoO' },
    [{ source_labels: ['a'], target_label: 'b', action: 'lowercase' }],
    { a: 'FoO', b: 'foo' },
  ],
  [
    'uppercase',
    { a: 'FoO' },
    [{ source_labels: ['a'], target_label: 'b', action: 'uppercase' }],
    { a: 'FoO', b: 'FOO' },
  ],
  [
    'keepequal holds',
    { a: '1', b: '1' },
    [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }],
    { a: '1', b: '1' },
  ],
  ['keepequal fails', { a: '1', b: '2' }, [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }], null],
  ['dropequal', { a: '1', b: '1' }, [{ source_labels: ['a'], target_label: 'b', action: 'dropequal' }], null],
  [
    'dropequal of others',
    { a: '1', b: '2' },
    [{ source_labels: ['a'], target_label: 'b', action: 'dropequal' }],
    { a: '1', b: '2' },
  ],
  [
    'case is folded by flag',
    { a: 'PROD' },
    [{ source_labels: ['a'], regex: '(?i)prod', action: 'keep' }],
    { a: 'PROD' },
  ],
  [
    'classes of POSIX',
    { a: 'ab1' },
    [{ source_labels: ['a'], regex: '[[:alpha:]]+[[:digit:]]', action: 'keep' }],
    { a: 'ab1' },
  ],
  ['a dot is any character', { a: 'x\ny' }, [{ source_labels: ['a'], regex: 'x.y', action: 'keep' }], { a: 'x\ny' }],
  [
    'the address of the annotation (as in every Kubernetes example)',
    { __address__: '10.0.0.1:80', port: '9102' },
    [
      {
        source_labels: ['__address__', 'port'],
        regex: '([^:]+)(?::\\d+)?;(\\d+)',
        replacement: '$1:$2',
        target_label: '__address__',
      },
    ],
    { __address__: '10.0.0.1:9102', port: '9102' },
  ],
];

describe('relabelling as in Prometheus', () => {
  it.each(CASES)('%s', (_name, labels, rules, expected) => {
    expect(after(labels, ...rules)).toEqual(expected);
  });

  it('shards by the last half of the MD5', () => {
    // The value that Prometheus gives.
    const rule = { source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 } as const;
    expect(after({ c: 'baz' }, rule)).toEqual({ c: 'baz', d: '976' });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 1_000_000 }), (c, modulus) => {
        const low = BigInt(`0x${createHash('md5').update(c).digest('hex').slice(16)}`);
        expect(after({ c }, { ...rule, modulus })).toEqual({ c, d: String(low % BigInt(modulus)) });
      }),
    );
  });

  it.each([
    [{ regex: '(a', action: 'keep' }, 'not closed'],
    [{ regex: 'a)', action: 'keep' }, 'too many'],
    [{ regex: '(?=a)', action: 'keep' }, '(?'],
    [{ regex: '(a)\\1', action: 'keep' }, 'references back'],
    [{ regex: '(a+)+', action: 'keep' }, 'inside another'],
    [{ regex: '((?:x|[ab]*)c)*', action: 'keep' }, 'inside another'],
    [{ regex: 'a'.repeat(3000), action: 'keep' }, 'characters'],
    [{ action: 'hashmod', target_label: 'x' }, 'modulus'],
    [{ action: 'replace' }, 'target_label'],
    [{ action: 'explode' }, 'no action'],
  ])('a rule is refused: %#', (rule, why) => {
    expect(() => compileRelabel([rule as RelabelRule])).toThrow(why);
  });

  it('takes any labels, and leaves those it was given alone', () => {
    const words = fc.dictionary(fc.string(), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(words, (labels) => {
        const before = { ...labels };
        expect(
          after(
            labels,
            { regex: '(.*)', replacement: 'x_$1', action: 'labelmap' },
            { regex: 'x_.*', action: 'labeldrop' },
          ),
        ).toEqual(Object.fromEntries(Object.entries(before).filter(([name]) => !name.startsWith('x_'))));
        expect(labels).toEqual(before);
      }),
    );
  });
});
