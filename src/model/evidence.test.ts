import { describe, expect, test } from 'vitest';
import { targetOf } from './action-definition.ts';
import { type Deviation, evidenceOf, SILENT } from './evidence.ts';

const up = (feature: string, moved = 10): Deviation => ({ feature, way: 'up', strength: 9, moved });
const at = (entity: string, events: readonly string[] = []) => ({ entity, events });

describe('what is seen of an entity', () => {
  test('is told from what its peers have too, and what it has alone comes first', () => {
    const own = [{ ...up('requests{code="200"}'), strength: 50 }, up('open_files')];
    const { words, features } = evidenceOf(at('replica/a'), own, [[up('requests{code="500"}')], [up('requests')]]);
    expect(words).toEqual(['open_files up alone', 'requests up shared']);
    expect(features.map(({ name, alone }) => [name, alone])).toEqual([
      ['open_files', true],
      ['requests{code="200"}', false],
    ]);
  });

  test('is shared from half of the peers on, and only where it goes the same way', () => {
    const words = (...peers: Deviation[][]): readonly string[] => evidenceOf(at('replica/a'), [up('x')], peers).words;
    expect(words([up('x')], [])).toEqual(['x up shared']);
    expect(words([up('x')], [], [])).toEqual(['x up alone']);
    expect(words([{ ...up('x'), way: 'down' }])).toEqual(['x up alone']);
    expect(words()).toEqual(['x up alone']);
  });

  test('holds what happened to it before what it measures, and silence', () => {
    const { words, features } = evidenceOf(at('replica/a', ['deploy']), [SILENT], []);
    expect(words).toEqual(['deploy event', 'frames gone alone']);
    expect(features[0]?.name).toBe('event_deploy');
  });
});

describe('where an action is carried out', () => {
  const restart = {
    match: { entityKinds: ['replica'], anomalyKinds: [], features: ['open_files', 'memory'], predictions: true },
  };
  const subject = {
    root: 'replica/gateway',
    entities: ['service/orders', 'replica/gateway', 'replica/a', 'replica/b'],
    anomalyKinds: ['trend'],
    features: ['latency', 'memory'],
    predictions: [],
  };
  const seen = (entity: string, ...own: Deviation[]) => evidenceOf(at(entity), own, []);

  test('is where what it is about is far from normal, whatever the root is', () => {
    const evidence = [seen('replica/gateway', up('latency')), seen('replica/b', up('memory'))];
    expect(targetOf(restart, { ...subject, evidence })).toBe('replica/b');
  });

  test('is where one has it alone, then what the catalogue names first, then what has moved most', () => {
    const shared = evidenceOf(at('replica/a'), [up('open_files', 900)], [[up('open_files')]]);
    expect(targetOf(restart, { ...subject, evidence: [shared, seen('replica/b', up('memory'))] })).toBe('replica/b');
    const [first, second] = [seen('replica/a', up('memory', 99)), seen('replica/b', up('open_files', 6))];
    expect(targetOf(restart, { ...subject, evidence: [first, second] })).toBe('replica/b');
    const [weak, strong] = [seen('replica/a', up('memory', 6)), seen('replica/b', up('memory', 60))];
    expect(targetOf(restart, { ...subject, evidence: [weak, strong] })).toBe('replica/b');
  });

  test('is never an entity of another kind, and the root where nothing is far from normal', () => {
    const evidence = [seen('service/orders', up('open_files')), seen('replica/a', up('latency'))];
    expect(targetOf(restart, { ...subject, evidence })).toBe('replica/gateway');
    expect(targetOf(restart, { ...subject, evidence: [] })).toBe('replica/gateway');
  });
});
