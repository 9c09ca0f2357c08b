import { describe, expect, test } from 'vitest';
import { createTranslator } from '../../../src/text/text.ts';
import { pageWords } from '../text/page-words.ts';
import { reasonOf, subjectOf } from './audit-words.ts';

const words = (language: 'en' | 'es') => pageWords(createTranslator(language), language);
const entry = (detail: Readonly<Record<string, string | number | null>>) => ({
  id: 'audit_1',
  time: 0,
  actor: 'ana',
  verb: 'run.request',
  target: 'run_1',
  detail,
});

describe('an entry about a run', () => {
  const refused = entry({
    action: 'scale-in',
    entity: 'service/orders',
    state: 'rejected',
    reason: 'act.no_opposed',
    'reason.action': 'scale-out',
    'reason.run': 'run_0',
  });

  test('names action and target', () => {
    expect(subjectOf(refused)).toBe('scale-in · service/orders');
  });

  test('gives its reason in the words of the reader, and does not take its own action for the other', () => {
    expect(words('en').phrase(reasonOf(refused)!)).toMatch(/^scale-out, which does the contrary, is under way/);
    expect(words('es').phrase(reasonOf(refused)!)).toMatch(/^Está en curso scale-out, que hace lo contrario/);
  });
});

test('an entry about something else names it, with its reason', () => {
  const called = {
    ...entry({ reason: 'act.no_gone', seconds: 90_000 }),
    verb: 'incident.escalate',
    target: 'incident_1',
  };
  expect(subjectOf(called)).toBe('incident_1');
  expect(words('en').phrase(reasonOf(called)!)).toBe(
    'Nothing was heard of the target for 25 h; it is taken to be gone.',
  );
});

test('people who could not be told: over which channel, and why', () => {
  const detail = {
    channel: 'chat',
    kind: 'slack',
    error: 'EXECUTOR_REFUSED',
    target: 'https://h.example',
    status: 500,
  };
  const failed = { ...entry(detail), verb: 'notify.fail', target: 'a1b2' };
  expect(`${words('en').name('audit', failed.verb)} ${subjectOf(failed)}`).toBe('could not tell people over chat');
  expect(words('es').phrase(reasonOf(failed)!)).toBe('https://h.example respondió 500.');
  expect(reasonOf(entry({ channel: 'chat', error: null }))).toBeNull();
});

test('words that are no reasons of ours are not shown as such', () => {
  expect(reasonOf(entry({ reason: 'proven' }))).toBeNull();
  expect(reasonOf(entry({ state: 'succeeded', reason: null }))).toBeNull();
});

test('what Vigía and people do has a name in both languages, also what a newer server writes', () => {
  expect(words('en').name('audit', 'run.forbid')).toBe('may not approve');
  expect(words('es').name('audit', 'run.forbid')).toBe('no puede aprobar');
  expect(words('es').name('audit', 'future.verb')).toBe('future.verb');
});
