import { expect, it } from 'vitest';
import { TopologyGraph } from './topology-graph.ts';

const [A, B, C] = ['service/a', 'service/b', 'service/c'];

/** Three in a circle, each in need of itself too, and one that hangs on to it. */
const circle = (kind: 'calls' | 'runs_on' | 'part_of') =>
  new TopologyGraph([
    { from: A, to: B, kind },
    { from: B, to: C, kind },
    { from: C, to: A, kind },
    ...[A, B, C].map((id) => ({ from: id, to: id, kind })),
    { from: 'pod/p', to: A, kind },
  ]);

it.each(['calls', 'runs_on', 'part_of'] as const)(
  'a circle of %s is walked once, and nobody is near to itself',
  (kind) => {
    const graph = circle(kind);
    const needs = {
      calls: [
        [B, 1],
        [C, 2],
      ],
      runs_on: [
        [B, 1],
        [C, 2],
      ],
      part_of: [
        [C, 1],
        [B, 2],
        ['pod/p', 1],
      ],
    } as const;
    expect(graph.upstream(A, 9)).toEqual(new Map<string, number>(needs[kind]));
    expect(graph.above(A)).toEqual(kind === 'calls' ? [] : [B, C]);
    expect(graph.above('pod/p')).toEqual(kind === 'calls' ? [] : [A, B, C]);
    expect(graph.kin(A, 9)).toEqual(new Set([B, C, 'pod/p']));
    expect(graph.neighbours(A, 9).map(({ entity }) => entity)).not.toContain(A);
  },
);

it('what is said twice is there once', () => {
  const twice = new TopologyGraph([
    { from: A, to: B, kind: 'calls' },
    { from: A, to: B, kind: 'runs_on' },
    { from: A, to: 'host/1', kind: 'runs_on' },
  ]);
  expect(twice.causes(A)).toEqual(['host/1', B]);
  expect(twice.effects(B)).toEqual([A]);
});
