import { describe, expect, it } from 'vitest';
import { FAULTS } from '../fault-catalogue.ts';
import { FAULT_KINDS, type FaultKind, LAB_ACTIONS, type LabAction } from '../world.ts';
import { createSimulator, type SimulatedIncident, type Simulator } from './simulator.ts';

const noticed = (simulator: Simulator, index: number): SimulatedIncident => {
  const incident = simulator.incident(index);
  if (incident === null) throw new Error(`nobody noticed incident ${index}`);
  return incident;
};

/** What an incident was and came to, when one action is done and then nothing. */
function story(incident: SimulatedIncident, action: Parameters<SimulatedIncident['act']>[0]) {
  const first = incident.act(action);
  for (let i = 0; i < 20 && !incident.over; i++) incident.act(null);
  return { fault: incident.fault, verdict: first.verdict, lost: incident.lostMinutes, context: incident.context() };
}

describe('the simulator', () => {
  it('gives the same incident for the same seed and index, in whatever order', () => {
    const forwards = [0, 1, 2].map((i) => story(noticed(createSimulator({ seed: 7 }), i), 'restart'));
    const simulator = createSimulator({ seed: 7 });
    const backwards = [2, 1, 0].map((i) => story(noticed(simulator, i), 'restart')).toReversed();
    expect(backwards).toEqual(forwards);
  });

  it('gives others for another seed', () => {
    const plans = (seed: number): unknown[] => [0, 1, 2, 3].map((i) => noticed(createSimulator({ seed }), i).fault);
    expect(plans(1)).not.toEqual(plans(2));
  });

  it('takes the fault that it is given, at any hour', () => {
    const plan = { kind: 'partition', service: 'orders', replica: 2, growthS: 70 } as const;
    const simulator = createSimulator({ seed: 1, plan });
    expect([0, 1].map((i) => noticed(simulator, i).fault)).toEqual([plan, plan]);
    expect(story(noticed(simulator, 0), null).lost).not.toBe(story(noticed(simulator, 1), null).lost);
  });

  it('a copy goes its own way, and meets the same chances', () => {
    const incident = noticed(createSimulator({ seed: 3 }), 5);
    const twin = incident.copy();
    story(incident.copy(), 'shed-load');
    expect(story(incident, 'drain')).toEqual(story(twin, 'drain'));
  });

  it('loses nothing before a fault, offers every action, and ends', () => {
    const incident = noticed(createSimulator({ seed: 4 }), 0);
    expect(incident.options().map(({ action }) => action)).toEqual([...LAB_ACTIONS]);
    expect(incident.context().drivers.length).toBeGreaterThan(0);
    story(incident, null);
    expect(incident.over).toBe(true);
    expect(() => incident.act('restart')).not.toThrow();
  });
});

describe('what actions come to', () => {
  /** Median of the minutes lost by action, over some hours of the day, where the root was found. */
  function lossOf(kind: FaultKind): (action: LabAction | null) => number {
    const { at, services } = FAULTS[kind];
    const service = services.at(-1)!;
    const plan = { kind, service, replica: at === 'service' ? null : 1, growthS: 75 };
    const simulator = createSimulator({ seed: 11, plan });
    const { helps } = FAULTS[kind];
    const there = plan.replica === null ? `replica/${service}-` : `replica/${service}-${plan.replica}`;
    const incidents = Array.from({ length: 6 }, (_, i) => noticed(simulator, i)).filter((incident) =>
      incident
        .options()
        .every(({ action, entity }) => !helps.includes(action) || action === 'shed-load' || entity.startsWith(there)),
    );
    return (action) => {
      const values = incidents.map((incident) => story(incident.copy(), action).lost).toSorted((a, b) => a - b);
      return values[Math.floor(values.length / 2)] ?? Number.NaN;
    };
  }

  /** Between which shares of the loss without action its loss has to lie. */
  const range = (kind: FaultKind, action: LabAction): readonly [number, number] => {
    if (FAULTS[kind].helps.includes(action)) return [0, 0.5];
    // More replicas thin out a bad one, from one in two to one in four.
    return FAULTS[kind].harms.includes(action) ? [1, Number.POSITIVE_INFINITY] : [0.35, Number.POSITIVE_INFINITY];
  };

  it.each(FAULT_KINDS)('%s: what helps halves the loss, what harms adds to it, nothing else does much', (kind) => {
    const loss = lossOf(kind);
    const nothing = loss(null);
    expect(nothing).toBeGreaterThan(0.03);
    for (const action of LAB_ACTIONS) {
      const [least, most] = range(kind, action);
      const lost = loss(action);
      expect(lost, action).toBeLessThanOrEqual(nothing * most);
      expect(lost, action).toBeGreaterThanOrEqual(nothing * least - 0.02);
    }
  });
});
