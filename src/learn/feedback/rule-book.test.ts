import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Anomaly } from '../../model/anomaly.ts';
import type { Feedback } from '../../model/failure.ts';
import { type FeedbackRule, likenessOf } from '../../model/feedback-rule.ts';
import { phrase } from '../../model/phrase.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createStore } from '../../store/create-store.ts';
import type { Database } from '../../store/database.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createRuleBook, type RuleBook } from './rule-book.ts';

const NOW = 1_800_000_000_000;
let now = NOW;
const clock: Clock = { ...systemClock, now: () => now };

let database: Database;
let store: Store;
let book: RuleBook;
/** What is open, and what was told again of it. */
let open: Anomaly[];
let told: Anomaly[];

beforeAll(async () => {
  database = await openMemoryDatabase();
  store = await createStore(database, { clock, place: 'memory' });
});
afterAll(() => store.close());
beforeEach(async () => {
  now = NOW;
  await sql`truncate feedback`.execute(database.sql);
  [open, told] = [[], []];
  book = make();
  await book.start();
});
afterEach(() => book.stop());

const make = (): RuleBook =>
  createRuleBook({
    store,
    clock,
    log: silentLog,
    serviceOf: () => null,
    changed: () => undefined,
    retell: async (concerns) => {
      told.push(...open.filter(concerns).map((one) => book.review(one)));
    },
  });

const anomaly = (over: Partial<Anomaly> = {}): Anomaly => ({
  id: 'anomaly_1',
  entity: 'host/a',
  fleet: 'default',
  start: NOW,
  end: null,
  openedAt: NOW,
  kind: 'spike',
  severity: 'critical',
  severityReason: phrase('x'),
  score: 0.9,
  pValue: 1e-8,
  frames: 3,
  contributions: [{ feature: 'cpu', share: 1, value: 9, expected: 1, low: 0, high: 2, unit: '', detector: 'residual' }],
  provisional: false,
  heldBack: null,
  updatedAt: NOW,
  ...over,
});

async function say(id: string, rule: Partial<FeedbackRule> = {}, judged = anomaly()): Promise<void> {
  const feedback: Feedback = {
    id,
    target: 'anomaly',
    targetId: `target of ${id}`,
    verdict: rule.effect === 'louder' ? 'missed' : 'false_alarm',
    note: '',
    by: 'ana',
    time: now,
    rule: {
      effect: 'quieter',
      level: 'entity',
      alike: [{ ...likenessOf(judged), where: 'host/a' }],
      until: null,
      ...rule,
    },
  };
  expect(await store.feedback.insert(feedback)).toBe(true);
  await book.refresh();
}

describe('rules at work', () => {
  test('a false alarm keeps its like at info and says who said so; undone, all is as it was', async () => {
    const like = anomaly();
    expect(book.review(like)).toBe(like);
    await say('f1');
    expect(book.review(like)).toEqual({
      ...like,
      severity: 'info',
      heldBack: phrase('feedback.quieter', { by: 'ana' }),
    });
    expect(book.hides(like)).toBe(true);
    const stronger = anomaly({ pValue: 1e-10 });
    expect(book.review(stronger)).toBe(stronger);
    await store.feedback.undo('f1', { by: 'eva', time: now });
    await book.refresh();
    expect(book.review(like)).toBe(like);
  });

  test('what is open is told again at once, when a rule comes and when it goes, and nothing else', async () => {
    open = [anomaly(), anomaly({ id: 'other', entity: 'host/b' })];
    await say('f1');
    expect(told.map(({ id, severity }) => `${id} ${severity}`)).toEqual(['anomaly_1 info']);
    await store.feedback.undo('f1', { by: 'ana', time: now });
    await book.refresh();
    expect(told.map(({ severity }) => severity)).toEqual(['info', 'critical']);
  });

  test('hold after a restart, and as long as was said', async () => {
    await say('f1', { until: NOW + 1000 });
    const again = make();
    await again.start();
    expect(again.review(anomaly()).severity).toBe('info');
    await again.stop();
    now = NOW + 1000;
    expect(book.review(anomaly()).severity).toBe('critical');
  });

  test('what was missed makes its like a warning, never less than it is', async () => {
    await say('f1', { effect: 'louder' });
    const raised = book.review(anomaly({ severity: 'info' }));
    expect(raised).toMatchObject({ severity: 'warning', severityReason: phrase('feedback.louder', { by: 'ana' }) });
    expect(book.review(anomaly()).severity).toBe('critical');
    expect(book.review(anomaly({ severity: 'info', pValue: 1e-6 })).severity).toBe('info');
  });

  test('of two that contradict each other the newer wins', async () => {
    await say('f1', { effect: 'louder' });
    now += 1;
    await say('f2');
    expect(book.review(anomaly()).severity).toBe('info');
  });
});
