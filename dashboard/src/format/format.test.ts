import { describe, expect, it, test } from 'vitest';
import type { Overview } from '../../../src/api/contract/views.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { createTranslator } from '../../../src/text/text.ts';
import { findHits } from '../shell/search-hits.ts';
import { pageWords } from '../text/page-words.ts';
import { duration } from './duration.ts';
import { learningProgress } from './learning.ts';
import { relative } from './moment.ts';
import { entityHref, readFeatureName, readSegments, shortFeature } from './names.ts';
import { forecast, interval, risk } from './prediction.ts';
import { band, quantity } from './quantity.ts';

const en = pageWords(createTranslator('en'), 'en');
const es = pageWords(createTranslator('es'), 'es');
/** Spaces that do not break are a matter of looks. */
const plain = (text: string): string => text.replaceAll('\u00A0', ' ');
const HOUR = 3_600_000;

test('times are told relative to now', () => {
  expect(relative(en, 1_000_000 + 3 * HOUR, 1_000_000).replaceAll('\u00A0', ' ')).toBe('in 3 h');
  expect(plain(relative(es, 1_000_000 - 5 * 60_000, 1_000_000))).toBe('hace 5 min');
  expect(relative(en, 1_001_000, 1_000_000)).toBe('now');
  // What has just happened, told by a clock that lags.
  expect(relative(en, 1_008_000, 1_000_000)).toBe('now');
});

test('whole hours are hours', () => {
  expect([3600, 86_400, 5400, 7 * 86_400].map((seconds) => plain(duration(en, seconds)))).toEqual([
    '1 h',
    '24 h',
    '90 min',
    '7 d',
  ]);
});

describe('a prediction in words', () => {
  const prediction = {
    kind: 'capacity',
    horizons: [{ seconds: 21_600, probability: 0.82 }],
    expectedAt: 3 * HOUR,
    earliest: 2 * HOUR,
    latest: 5 * HOUR,
  } as unknown as Prediction;

  it('has its interval, in both languages', () => {
    expect(plain(forecast(en, prediction, 0))).toBe('Reaches its limit in 3 h (between 2 h and 5 h)');
    expect(plain(forecast(es, prediction, 0))).toBe('Llegará a su límite en 3 h (entre 2 h y 5 h)');
    expect(plain(risk(en, prediction))).toBe('82% within 6 h');
    expect(plain(risk(es, prediction))).toBe('82 % en 6 h');
  });

  it('does not invent an end that is not known', () => {
    expect(plain(interval(en, { earliest: 2 * HOUR, latest: null }, 0))).toBe('not before 2 h');
    expect(plain(interval(en, { earliest: null, latest: null }, 0))).toBe('not within the next 7 d');
  });
});

test('what is missing is a dash, never a zero', () => {
  expect(quantity(en, null, 'bytes')).toBe('–');
  expect(plain(quantity(en, 0, 'bytes'))).toBe('0 B');
  expect(band(en, null, 1, 'ratio')).toBe('–');
  expect(plain(band(en, 0.2, 0.4, 'ratio'))).toBe('20% to 40%');
});

test('learning says how far and until when', () => {
  const learning = { ready: false, frames: 34, needed: 120, readyAt: null };
  expect(learningProgress(en, learning, 0)).toBe('34 of 120 frames');
  expect(learningProgress(es, { ...learning, readyAt: 60_000 }, 0)).toContain('listo a las');
});

test('a feature goes by its short name in a sentence', () => {
  const feature = 'filesystem_used_bytes{fstype="ext4",mountpoint="/data"}';
  expect(en.phrase({ key: 'correlate.sign_capacity', values: { feature, entity: 'host/a' } })).toBe(
    'filesystem_used_bytes /data is heading for its limit on host/a',
  );
});

test('names of features are taken apart, and left whole where they cannot be', () => {
  expect(shortFeature('used_bytes{mountpoint="/data",x="a\\"b"}')).toBe('used_bytes /data a"b');
  expect(readFeatureName('odd{').metric).toBe('odd{');
});

test('an entity survives its address', () => {
  for (const id of ['host/web-1', 'pod/shop/cart 0', 'host/ä#?x']) {
    expect(readSegments(entityHref(id).replace('/entities/', ''))).toBe(id);
  }
});

test('the search finds incidents, entities, features and pages, whatever the accents', () => {
  const overview = {
    incidents: [{ id: 'i', root: 'host/a', title: { key: 'dashboard.now', values: {} }, features: ['disk_bytes'] }],
  } as unknown as Overview;
  const hrefs = (typed: string) => findHits(typed, es, [], overview).map(({ href }) => href);
  expect(hrefs('ahora')).toEqual(['/incidents/i']);
  expect(hrefs('disk')).toEqual(['/entities/host/a?feature=disk_bytes']);
  expect(hrefs('prediccion')).toEqual(['/predictions']);
  expect(hrefs('').length).toBeGreaterThan(5);
});
