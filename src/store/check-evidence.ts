import { expect, it } from 'vitest';
import type { Exemplar } from '../model/exemplar.ts';
import type { LogExample } from '../model/log-record.ts';
import { NOW } from './check-store.ts';
import type { Store } from './store.ts';

const exemplar = (id: string, over: Partial<Exemplar> = {}): Exemplar => ({
  id: `exemplar_${id}`,
  entity: 'evidence/a',
  metric: 'rpc_seconds',
  labels: { method: 'get' },
  time: NOW,
  value: 0.25,
  trace: '4bf92f3577b34da6a3ce929d0e0e4736',
  span: null,
  attributes: {},
  ...over,
});

const example = (id: string, template: string): LogExample => ({
  id: `line_evidence_${id}`,
  entity: 'evidence/a',
  fleet: 'default',
  time: NOW,
  level: 'info',
  text: 'user ann left',
  attributes: {},
  source: 'logs/app',
  template,
});

/** What the store of traces and of lines promises, over either engine. */
export function checkEvidence(open: () => Promise<Store>): void {
  it('exemplars are kept by id, a newer in the place of an older, and read by entity, metric and time', async () => {
    const { exemplars } = await open();
    await exemplars.keep([exemplar('one'), exemplar('two', { time: NOW + 2, metric: 'jobs', trace: null })]);
    await exemplars.keep([exemplar('one', { time: NOW - 5, value: 9 }), exemplar('b', { entity: 'evidence/b' })]);
    const of = { limit: 10, cursor: null, entity: 'evidence/a' };
    const { items } = await exemplars.list(of);
    expect(items).toEqual([exemplar('two', { time: NOW + 2, metric: 'jobs', trace: null }), exemplar('one')]);
    expect((await exemplars.list({ ...of, metric: 'jobs' })).items).toHaveLength(1);
    expect((await exemplars.list({ ...of, range: { from: NOW - 1, to: NOW + 1 } })).items).toEqual([exemplar('one')]);
  });

  it('a pattern that is another one goes, with its time and its lines, to that; as often as it is said', async () => {
    const { logs } = await open();
    const pattern = { text: 'user <*> left', level: 'info', lastSeen: NOW } as const;
    await logs.patterns([
      { ...pattern, id: 'evidence_old', firstSeen: NOW - 9000, lastSeen: NOW + 4000 },
      { ...pattern, id: 'evidence_new', firstSeen: NOW - 10 },
      { ...pattern, id: 'evidence_far', firstSeen: NOW - 10 },
    ]);
    await logs.examples([example('1', 'evidence_old'), example('2', 'evidence_new'), example('3', 'evidence_far')]);
    const merged = [
      ['evidence_old', 'evidence_new'],
      ['evidence_gone', 'evidence_new'],
    ] as const;
    await Promise.all([logs.mergePatterns(merged), logs.mergePatterns(merged)]);
    const found = (await logs.listPatterns({ limit: 100, cursor: null })).items.filter(({ id }) =>
      id.includes('evidence'),
    );
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { ...pattern, id: 'evidence_far', firstSeen: NOW - 10 },
      { ...pattern, id: 'evidence_new', firstSeen: NOW - 9000, lastSeen: NOW + 4000 },
    ]);
    const lines = async (template: string) =>
      (await logs.listExamples({ limit: 10, cursor: null, template })).items.length;
    expect(await Promise.all(['evidence_old', 'evidence_new', 'evidence_far'].map(lines))).toEqual([0, 2, 1]);
  });
}
