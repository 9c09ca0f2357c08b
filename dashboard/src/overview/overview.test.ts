import { describe, expect, it, test } from 'vitest';
import type { EntityView, Overview } from '../../../src/api/contract/views.ts';
import { createTranslator } from '../../../src/text/text.ts';
import { pageWords } from '../text/page-words.ts';
import { groupEntities } from './entity-groups.ts';
import { LANE_TICKS, lanePosition, REACH_SECONDS, tellingHorizon } from './lane-scale.ts';
import { stateSentence } from './state-sentence.ts';

const words = (language: 'en' | 'es') => pageWords(createTranslator(language), language);

describe('the axis of the lanes', () => {
  it('goes from now to seven days, ever more slowly', () => {
    const places = LANE_TICKS.map(lanePosition);
    expect(places[0]).toBe(0);
    expect(places.at(-1)).toBeCloseTo(1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(lanePosition(3600)).toBeGreaterThan(3600 / REACH_SECONDS);
  });

  it('keeps what is outside at its edges', () => {
    expect(lanePosition(-5)).toBe(0);
    expect(lanePosition(REACH_SECONDS * 9)).toBeCloseTo(1);
  });
});

test('a risk is told by the first horizon within which it is likelier than not, else by the longest', () => {
  const horizons = [
    { seconds: 900, probability: 0.1 },
    { seconds: 3600, probability: 0.6 },
    { seconds: 21_600, probability: 0.9 },
  ];
  expect(tellingHorizon(horizons)?.seconds).toBe(3600);
  expect(tellingHorizon(horizons.slice(0, 1))?.seconds).toBe(900);
  expect(tellingHorizon([])).toBeUndefined();
});

describe('the first sentence', () => {
  const counts = { entities: 5, incidents: 0, critical: 0, warning: 0, info: 0, learning: 0, silent: 0 };
  const incident = (severity: string): Overview['incidents'][number] =>
    ({ severity }) as unknown as Overview['incidents'][number];

  it('counts open incidents by severity and calms about the rest', () => {
    const incidents = [incident('critical'), incident('warning'), incident('warning')];
    const overview = { counts: { ...counts, incidents: 3 }, incidents };
    expect(stateSentence(words('en'), overview)).toBe('1 incident, 2 warnings, everything else is calm');
    expect(stateSentence(words('es'), overview)).toBe('1 incidente, 2 advertencias; todo lo demás, en calma');
  });

  it('never calls calm what is not known', () => {
    expect(stateSentence(words('en'), { counts: { ...counts, entities: 0 }, incidents: [] })).toContain('Waiting');
    expect(stateSentence(words('en'), { counts: { ...counts, learning: 5 }, incidents: [] })).not.toContain('calm');
    expect(stateSentence(words('en'), { counts, incidents: [] })).toBe('Everything is calm');
  });

  it('tells of incidents beyond those that it was given', () => {
    const overview = { counts: { ...counts, incidents: 61 }, incidents: [incident('critical')] };
    expect(stateSentence(words('en'), overview)).toContain('60 more incidents');
  });
});

test('tiles stand by kind, the largest first, and by name as people count', () => {
  const entity = (id: string): EntityView =>
    ({ id, kind: id.split('/')[0], name: id.split('/')[1] }) as unknown as EntityView;
  const groups = groupEntities(['db/a', 'host/web-10', 'host/web-9'].map(entity));
  expect(groups.map(({ kind }) => kind)).toEqual(['host', 'db']);
  expect(groups[0]?.entities.map(({ name }) => name)).toEqual(['web-9', 'web-10']);
});
