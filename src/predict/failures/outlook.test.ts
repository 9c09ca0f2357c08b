import { expect, it } from 'vitest';
import { FAILURE_MODEL, type FailureModelDetail } from '../../model/failure-model.ts';
import type { PredictionExplanation } from '../../model/predictor.ts';
import { createText } from '../../text/text.ts';
import { Outlook, type Risk } from './outlook.ts';

const NOW = 1_780_000_000_000;
const HOUR = 3600;

const detail: FailureModelDetail = {
  factory: 'hazard',
  parent: null,
  columns: ['wear'],
  cadenceMs: 60_000,
  judgedTo: NOW,
  rows: 1000,
  entities: 10,
  failures: 20,
  horizons: [HOUR, 24 * HOUR].map((seconds) => ({
    seconds,
    rows: 100,
    positives: 10,
    baseRate: 0.1,
    averagePrecision: null,
    brierSkill: null,
    expectedOverObserved: null,
    reliability: [{ low: 0.5, high: 1, said: 0.8, came: 0.75, count: 40 }],
    threshold: 0.9,
    precision: 0.8,
    recall: seconds === HOUR ? 0.3 : 0.5,
  })),
  bins: [],
};
const model = {
  id: 'model_1',
  kind: FAILURE_MODEL,
  version: 'v1',
  scope: 'host',
  state: 'champion',
  trainedFrom: 0,
  trainedTo: NOW,
  metrics: {},
  reason: '',
  createdAt: NOW,
  detail,
} as const;
const risk = (probability: number): Risk => ({
  entity: 'host/a',
  fleet: 'default',
  madeAt: NOW,
  probabilities: [probability / 2, probability],
  expected: HOUR,
  low: HOUR / 2,
  high: 2 * HOUR,
});
const why = (kinds: PredictionExplanation['kinds']) => (): PredictionExplanation => ({ drivers: [], kinds });
const text = createText();

it('says the chance, how often it was right at this level, and which kind failures were of so far', () => {
  const said = new Outlook([]).take(
    model,
    risk(0.7),
    why([
      { kind: 'disk', share: 0.8 },
      { kind: 'fan', share: 0.2 },
    ]),
  );
  expect(text('en').phrase(said!.reason)).toMatch(
    /24 h.*70.?%.*75.?% of 40 earlier cases.*80.?% were of the kind “disk”/,
  );
  expect(text('es').phrase(said!.reason)).toMatch(/70.?%.*75.?% de 40 casos.*80.?% fue de tipo «disk»/);
});

it('names no kind where kinds are not told apart', () => {
  const said = new Outlook([]).take(model, risk(0.7), why([]));
  for (const language of ['en', 'es'] as const) expect(text(language).phrase(said!.reason)).not.toMatch(/kind|tipo/);
});

it('pages from the threshold on, warns of what is likelier than not, and takes back after three calm looks', () => {
  const outlook = new Outlook([]);
  const take = (probability: number) => outlook.take(model, risk(probability), why([]));
  expect(take(0.3)).toBeNull();
  expect(take(0.6)).toMatchObject({ state: 'open', severity: 'warning' });
  expect(take(0.95)).toMatchObject({ severity: 'critical' });
  expect([take(0.1)?.state, take(0.1)?.state]).toEqual(['open', 'open']);
  expect(take(0.1)).toMatchObject({ state: 'cleared', reason: { key: 'predict.calm' } });
  expect(outlook.open).toEqual([]);
});
