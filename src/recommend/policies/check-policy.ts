import { describe, expect, test } from 'vitest';
import type {
  Policy,
  PolicyContext,
  PolicyEpisode,
  PolicyFactory,
  PolicyOption,
  PolicyQuestion,
} from '../../model/policy.ts';

export const contextOf = (over: Partial<PolicyContext> = {}): PolicyContext => ({
  entityKind: 'service',
  anomalyKinds: ['trend'],
  predictionKinds: [],
  drivers: ['memory_bytes'],
  probability: 0.5,
  severity: 'warning',
  ageSeconds: 60,
  breadth: 1,
  changes: [],
  tried: [],
  ...over,
});

export const optionOf = (action: string, over: Partial<PolicyOption> = {}): PolicyOption => ({
  action,
  entity: 'service/a',
  disruption: 'low',
  prior: { resolved: 1, failed: 1 },
  tally: {},
  allowed: true,
  ...over,
});

const OPTIONS = ['restart', 'roll-back', 'scale'].map((action) => optionOf(action));
/** What is wrong decides what helps: memory wants a restart, a change wants to be rolled back, load wants room. */
const WORLD = [
  { right: 'restart', context: contextOf() },
  { right: 'roll-back', context: contextOf({ drivers: ['errors'], changes: ['deploy'] }) },
  { right: 'scale', context: contextOf({ drivers: ['requests'], anomalyKinds: ['level_shift'] }) },
] as const;

/** Incidents on which everything was tried in turn until it helped. */
export function historyOf(incidents: number): readonly PolicyEpisode[] {
  return Array.from({ length: incidents }, (_, n) => {
    const { right, context } = WORLD[n % WORLD.length]!;
    const turn = Math.floor(n / WORLD.length);
    const steps: PolicyEpisode['steps'][number][] = [];
    let tried: PolicyContext['tried'] = [];
    for (let k = 0; k < OPTIONS.length; k++) {
      const { action } = OPTIONS[(turn + k * (n % 2 === 0 ? 1 : 2)) % OPTIONS.length]!;
      const verdict = action === right ? 'resolved' : 'ineffective';
      steps.push({
        id: `run_${n}_${k}`,
        time: n * 1000 + k,
        context: { ...context, tried },
        action,
        entity: 'service/a',
        disruption: 'low',
        verdict,
        options: OPTIONS,
        propensity: 1 / OPTIONS.length,
        minutes: verdict === 'resolved' ? 2 : 6,
      });
      tried = tried.concat({ action, verdict });
      if (verdict === 'resolved') break;
    }
    return { incident: `incident_${n}`, steps };
  });
}

const question = (over: Partial<PolicyQuestion> = {}): PolicyQuestion => ({
  context: contextOf(),
  options: OPTIONS,
  explore: true,
  ...over,
});

async function learnt(factory: PolicyFactory): Promise<Policy> {
  const policy = await factory.fit(historyOf(90), { seed: 7, exploration: 0.1 });
  if (policy === null) throw new Error('it did not learn');
  return policy;
}

/** What every policy keeps to, whatever it learns. */
export function checkPolicy(factory: PolicyFactory): void {
  const fitted = (): Promise<Policy> => learnt(factory);

  describe(`the policy ${factory.kind}`, () => {
    test('gives one opinion an option, in their order, with an interval around the probability', async () => {
      const policy = await fitted();
      for (const { context } of WORLD) {
        const opinions = policy.decide(question({ context }));
        expect(opinions).toHaveLength(OPTIONS.length);
        for (const { probability, low, high, value } of opinions) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(probability);
          expect(high).toBeGreaterThanOrEqual(probability);
          expect(high).toBeLessThanOrEqual(1);
          expect(Number.isFinite(value)).toBe(true);
        }
      }
    });

    test('its shares are the probabilities of a draw among what is allowed', async () => {
      const policy = await fitted();
      const options = [OPTIONS[0]!, { ...OPTIONS[1]!, allowed: false }, OPTIONS[2]!];
      const shares = policy.decide(question({ options })).map(({ share }) => share);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      expect(shares[1]).toBe(0);
    });

    test('without exploration it takes one for sure, and where nothing is allowed it takes nothing', async () => {
      const policy = await fitted();
      const sure = policy.decide(question({ explore: false })).map(({ share }) => share);
      expect(sure.toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
      const options = OPTIONS.map((option) => Object.assign({}, option, { allowed: false }));
      expect(policy.decide(question({ options })).map(({ share }) => share)).toEqual([0, 0, 0]);
      expect(policy.decide(question({ options: [] }))).toEqual([]);
    });

    test('answers the same again, in any company, and after saving', async () => {
      const policy = await fitted();
      const asked = question({ context: WORLD[1].context });
      const said = policy.decide(asked);
      policy.decide(question({ options: [optionOf('never-heard-of')] }));
      expect(policy.decide(asked)).toEqual(said);
      expect(factory.load(policy.toBytes()).decide(asked)).toEqual(said);
    });

    test('knows what to think of an action that nobody has tried', async () => {
      const policy = await fitted();
      const options = [optionOf('new', { prior: { resolved: 9, failed: 1 } }), ...OPTIONS];
      const [opinion] = policy.decide(question({ options }));
      expect(opinion!.probability).toBeCloseTo(0.9, 9);
      expect(opinion!.alike).toEqual([]);
    });

    test('learns nothing from nothing without failing', async () => {
      const policy = await factory.fit([], { seed: 7, exploration: 0.1 });
      expect((policy ?? (await fitted())).decide(question())).toHaveLength(OPTIONS.length);
    });
  });
}

/** What a policy keeps to that tells contexts apart. */
export function checkLearning(factory: PolicyFactory): void {
  test(`the policy ${factory.kind} takes what helped in like incidents, and names them`, async () => {
    const policy = await learnt(factory);
    const past = new Map(historyOf(90).flatMap(({ steps }) => steps.map((step) => [step.id, step])));
    for (const { right, context } of WORLD) {
      const opinions = policy.decide(question({ context, explore: false }));
      expect(OPTIONS[opinions.findIndex(({ share }) => share === 1)]!.action).toBe(right);
      const { alike } = opinions[OPTIONS.findIndex(({ action }) => action === right)]!;
      expect(alike.length).toBeGreaterThan(0);
      expect(past.get(alike[0]!.id)?.context.drivers).toEqual(context.drivers);
    }
  });
}
