import { expect, it } from 'vitest';
import type { LogSequence } from '../model/log-sequence.ts';
import { NOW } from './check-store.ts';
import type { Store } from './store.ts';

const HOUR = 3_600_000;

const sequence = (id: string, over: Partial<LogSequence> = {}): LogSequence => ({
  id: `sequence_${id}`,
  entity: 'sequence/a',
  fleet: 'default',
  start: NOW - 2000,
  end: NOW - 1000,
  templates: ['a1b2c3d4e5f6', '0123456789ab'],
  sampled: true,
  pValue: null,
  model: null,
  position: null,
  expected: [],
  ...over,
});

/** What the store of sessions of log lines promises, over either engine. */
export function checkSequences(open: () => Promise<Store>): void {
  it('sessions of log lines are kept by id, and read by entity, oddness and time, the last that ended first', async () => {
    const { logs } = await open();
    const odd = sequence('odd', {
      end: NOW - 500,
      sampled: false,
      pValue: 0.005,
      model: 'm1',
      position: 2,
      expected: [
        { template: '0123456789ab', probability: 0.75 },
        { template: null, probability: 0.25 },
      ],
    });
    await logs.keepSequences([sequence('one'), sequence('two', { pValue: 0.5 }), odd]);
    await logs.keepSequences([sequence('three', { entity: 'sequence/b', end: NOW - HOUR })]);
    const of = { limit: 10, cursor: null, entity: 'sequence/a' };
    expect((await logs.listSequences({ ...of, atMost: 0.01 })).items).toEqual([odd]);
    const page = await logs.listSequences({ ...of, limit: 2 });
    expect(page.items.map(({ id }) => id)).toEqual(['sequence_odd', 'sequence_two']);
    expect((await logs.listSequences({ ...of, cursor: page.next })).items).toEqual([sequence('one')]);
    expect((await logs.listSequences({ ...of, sampled: false })).items).toEqual([odd]);
    expect((await logs.listSequences({ ...of, range: { from: NOW - 600, to: NOW } })).items).toEqual([odd]);
  });

  it('a later session takes the place of a sample, an earlier one does not', async () => {
    const { logs } = await open();
    const mine = { entity: 'sequence/c', limit: 10, cursor: null };
    const later = sequence('place', { entity: 'sequence/c', templates: ['ffffffffffff'] });
    await logs.keepSequences([later]);
    await logs.keepSequences([sequence('place', { entity: 'sequence/c', end: NOW - 1500 })]);
    expect((await logs.listSequences(mine)).items).toEqual([later]);
  });

  it('says who has samples to learn from, those with most first', async () => {
    const { logs } = await open();
    const many = Array.from({ length: 5 }, (_, at) =>
      sequence(`many ${at}`, { entity: 'sequence/many', end: NOW - 10 * HOUR + at }),
    );
    await logs.keepSequences([...many, sequence('few', { entity: 'sequence/few', end: NOW - 10 * HOUR })]);
    await logs.keepSequences([sequence('none', { entity: 'sequence/none', end: NOW - 10 * HOUR, sampled: false })]);
    expect(await logs.sampledEntities({ from: NOW - 10 * HOUR, to: NOW - 9 * HOUR })).toEqual([
      { entity: 'sequence/many', sessions: 5 },
      { entity: 'sequence/few', sessions: 1 },
    ]);
  });
}
