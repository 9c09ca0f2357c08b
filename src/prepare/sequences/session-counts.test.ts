import { describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { fitSequenceModel } from '../../ml/sequence-model.ts';
import type { EntityId } from '../../model/entity.ts';
import type { LogRecord } from '../../model/log-record.ts';
import { eventOf, type LogSequence, templateOf } from '../../model/log-sequence.ts';
import { EntityLog } from '../entity-log.ts';
import { LogCounts } from '../log-counts.ts';
import { TemplateMiner } from '../templates/template-miner.ts';
import { EntitySessions } from './entity-sessions.ts';
import { SessionJudge } from './session-judge.ts';
import { createSessionKey } from './session-key.ts';

const START = 1_800_000_000_000;
const ENTITY: EntityId = 'service/shop';
const timing = { idleMs: 2000, latenessMs: 1000, stepMs: 5000 };
const keyOf = createSessionKey({ automatic: true, keys: [] });
const TEXTS = ['Request came in', 'Basket was opened', 'Money was taken', 'Request is done'];

const line = (at: number, text: string, attributes: Readonly<Record<string, string>>): LogRecord => ({
  id: `l${at}`,
  entity: ENTITY,
  fleet: 'default',
  time: START + at,
  level: 'info',
  text,
  attributes,
  source: 'test',
});

/** Sessions one after the other that overlap; every tenth runs backwards. */
const records = Array.from({ length: 400 }, (_, session) => {
  const texts = session % 10 === 9 ? TEXTS.toReversed() : TEXTS;
  return texts.map((text, place) => line(session * 700 + place * 300, text, { traceId: `t${session}` }));
})
  .flat()
  .toSorted((a, b) => a.time - b.time);

const miner = new TemplateMiner();
const events = TEXTS.map((text) => eventOf(miner.template(miner.add(text)).id));
const model = fitSequenceModel(Array.from({ length: 1000 }, () => events));
const parts = { timing, keyOf, modelOf: () => ({ id: 'm1', model }) };

/** Counts lines in batches; what was kept and what was said. With `dies` each commit is by another process. */
function run(batch: number, dies = false) {
  let counts = new LogCounts(createRandom(1), parts);
  counts.admit(new EntityLog(ENTITY));
  const sequences = new Map<string, LogSequence>();
  const samples: unknown[] = [];
  const places = new Map<number, { place: number; state: never }>();
  for (let from = 0; from < records.length; from += batch) {
    const now = records[Math.min(records.length, from + batch) - 1]!.time;
    for (const record of records.slice(from, from + batch)) counts.take(record, now);
    for (const _ of counts.endSessions(now));
    const harvest = counts.harvest(now);
    for (const sequence of harvest.sequences) sequences.set(sequence.id, sequence);
    for (const { series, values } of harvest.samples)
      series.forEach(({ name }, at) => {
        if (name.startsWith('log_sessions')) samples.push([name, values[at]]);
      });
    const [[, log]] = harvest.logs as [(typeof harvest.logs)[number]];
    for (const { place, state } of log.sessions)
      places.set(place, { place, state: JSON.parse(JSON.stringify(state)) as never });
    counts.committed();
    counts.hold(ENTITY);
    if (!dies) continue;
    counts = new LogCounts(createRandom(1), parts);
    const again = EntityLog.from(ENTITY, log.state, []);
    const state = EntityLog.sessionsOf(JSON.parse(JSON.stringify(log.state)) as never)!;
    again.sessions = EntitySessions.from(ENTITY, { state, parts: [...places.values()] }, timing, now);
    again.sessions.committed();
    counts.admit(again);
    for (const text of TEXTS) counts.miner.add(text);
  }
  return {
    sequences: [...sequences.values()].toSorted((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1)),
    samples,
  };
}

const oddOf = ({ sequences }: ReturnType<typeof run>) => sequences.filter(({ sampled }) => !sampled);

describe('sessions of an entity', () => {
  test('are found among its lines, and those out of order are told apart with what was expected', () => {
    const { sequences, samples } = run(100);
    expect(sequences.length).toBeGreaterThan(390);
    const odd = oddOf({ sequences, samples });
    expect(odd.length).toBeGreaterThan(12);
    const templates = TEXTS.map((text) => miner.template(miner.add(text)).id);
    expect(odd[0]).toMatchObject({ templates: templates.toReversed(), model: 'm1', sampled: false });
    expect(odd.every(({ expected }) => expected.length > 0 && expected[0]!.probability > 0.9)).toBe(true);
    const sum = (wanted: string): number =>
      (samples as [string, number][]).reduce((all, [name, value]) => all + (name === wanted ? value : 0), 0);
    expect(sum('log_sessions')).toBeGreaterThan(380);
    expect(sum('log_sessions_odd')).toBeGreaterThan(35);
  });

  test('are the same in two processes, and in a process that dies after every commit', () => {
    expect(run(100)).toEqual(run(100));
    expect(run(100, true)).toEqual(run(100));
  });

  test('do not depend on how lines are batched', () => {
    const said = ({ start, end, templates, pValue }: LogSequence) => ({ start, end, templates, pValue });
    expect(run(7).sequences.map(said)).toEqual(run(160).sequences.map(said).slice(0, run(7).sequences.length));
  });
});

describe('a model whose patterns were joined', () => {
  test('says nothing until it is trained anew, and the ids of what is kept are those of now', () => {
    const patterns = { joined: new Map<string, string>(), joins: 0 };
    const judge = new SessionJudge(() => ({ id: 'm1', model }), patterns);
    const whose = { entity: ENTITY, fleet: 'default', since: 0, kept: { hour: 0, seen: 0, minute: 0, evidence: 0 } };
    const session = { key: '0123456789abcdef', first: 1, last: 2, events: events.toReversed(), partial: false };
    expect(judge.judge(whose, session).pValue).toBeLessThan(0.01);
    patterns.joined.set(templateOf(events[0]!), 'ffffffffffff');
    patterns.joins = 1;
    const { pValue, sequences } = judge.judge(whose, session);
    expect([pValue, sequences[0]?.templates.at(-1), sequences[0]?.model]).toEqual([null, 'ffffffffffff', null]);
  });
});

describe('which session a line is of', () => {
  const of = (attributes: Readonly<Record<string, string>>, text = 'x') => keyOf(line(0, text, attributes));

  test('is known by common fields in any spelling, the narrowest of them', () => {
    expect(of({ trace_id: 'a' })).toBe(of({ 'trace.id': 'a' }));
    expect(of({ TraceId: 'a', session_id: 's' })).toBe(of({ traceId: 'a' }));
    expect(of({ request_id: 'a' })).not.toBe(of({ request_id: 'b' }));
    expect(of({ request_id: 'a' })).not.toBe(of({ job_id: 'a' }));
    expect([
      of({}),
      of({ trace_id: '' }),
      of({ trace_id: '00000000000000000000000000000000' }),
      of({ id: '5' }),
    ]).toEqual([null, null, null, null]);
  });

  test('says nothing of what the session was called', () => {
    expect(of({ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' })).toMatch(/^[0-9a-f]{16}$/);
    expect(of({ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' })).not.toContain('4bf92f');
  });

  test('is what the owner says, by fields or by a word of the text', () => {
    const block = createSessionKey({ automatic: false, keys: [{ fields: [], word: 'blk_*' }] });
    const first = block(line(0, 'Receiving block blk_-1608999687919862906 src: /10.250.19.102', {}));
    expect(first).not.toBeNull();
    expect(block(line(1, 'PacketResponder 1 for block blk_-1608999687919862906 terminating', {}))).toBe(first);
    expect(block(line(1, 'Verification succeeded for blk_42', { trace_id: 'a' }))).not.toBe(first);
    expect(block(line(1, 'no block at all', { trace_id: 'a' }))).toBeNull();
    const thread = createSessionKey({
      automatic: true,
      keys: [{ entity: 'service/*', fields: ['thread', 'task'] }],
    });
    expect(thread(line(0, 'x', { thread: 'main', task: '1' }))).not.toBe(
      thread(line(0, 'x', { thread: 'main', task: '2' })),
    );
    expect(thread(line(0, 'x', { thread: 'main', trace_id: 'a' }))).toBe(of({ trace_id: 'a' }));
  });
});
