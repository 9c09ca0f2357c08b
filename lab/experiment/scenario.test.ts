import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../fault-catalogue.ts';
import { FAULT_KINDS, RULES, TOPOLOGY } from '../world.ts';
import { drawPlans, parseScenario, ScenarioError } from './scenario.ts';

const shipped = (name: string): string => readFileSync(new URL(`../scenarios/${name}.yaml`, import.meta.url), 'utf8');

describe('faults that are drawn', () => {
  it('are the same for the same seed, others for another', () => {
    expect(drawPlans(20, 5)).toEqual(drawPlans(20, 5));
    expect(drawPlans(20, 5)).not.toEqual(drawPlans(20, 6));
  });

  it('hold every kind before any comes again, where and as fast as the rules allow', () => {
    const plans = drawPlans(24, 9);
    expect(new Set(plans.slice(0, 12).map(({ kind }) => kind)).size).toBe(FAULT_KINDS.length);
    for (const { kind, service, replica, growthS } of plans) {
      expect(FAULTS[kind].services).toContain(service);
      expect(replica === null).toBe(FAULTS[kind].at === 'service');
      expect(replica ?? 1).toBeLessThanOrEqual(TOPOLOGY[service].replicas);
      expect(growthS).toBeGreaterThanOrEqual(RULES.growthS.least);
      expect(growthS).toBeLessThanOrEqual(RULES.growthS.most);
    }
  });
});

describe('scenario files', () => {
  it('the standard one has 20 faults and an arm of it takes at most 55 minutes', () => {
    const { plans, warmUpS, calmS, faultS } = parseScenario(shipped('standard'));
    expect(plans).toHaveLength(20);
    expect(faultS).toBe(RULES.faultS);
    // What is waited for after each fault, and start and end, take some seconds.
    expect(warmUpS + plans.length * (faultS + calmS + 6) + 30).toBeLessThan(55 * 60);
  });

  it('the short one takes five minutes', () => {
    const { plans, warmUpS, calmS, faultS } = parseScenario(shipped('short'));
    expect(warmUpS + plans.length * (faultS + calmS + 6)).toBeLessThanOrEqual(300);
  });

  const good = { name: 'x', seed: 1, warmUpS: 0, calmS: 0, faults: { count: 1 } };
  it.each([
    ['- a list', /name, seed/],
    ['{', /./],
    [JSON.stringify({ ...good, name: '../x' }), /name/],
    [JSON.stringify({ ...good, seed: -1 }), /seed/],
    [JSON.stringify({ ...good, faults: 3 }), /faults/],
    [JSON.stringify({ ...good, faults: { count: 0 } }), /count/],
    [JSON.stringify({ ...good, faults: [{ kind: 'fire' }] }), /faults\[0\]\.kind/],
    [JSON.stringify({ ...good, faults: [{ kind: 'fd-leak', service: 'gateway' }] }), /faults\[0\]\.service/],
    [JSON.stringify({ ...good, faults: [{ kind: 'fd-leak', service: 'orders', growthS: 60 }] }), /replica/],
    [JSON.stringify({ ...good, faults: [{ kind: 'fd-leak', service: 'orders', growthS: 60, replica: 9 }] }), /replica/],
  ])('say what is wrong with %s', (text, why) => {
    expect(() => parseScenario(text)).toThrow(ScenarioError);
    expect(() => parseScenario(text)).toThrow(why);
  });
});
