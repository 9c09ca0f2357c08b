import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { banditFactory } from '../../src/recommend/policies/bandit-policy.ts';
import { CATALOGUE, leastSure } from '../catalogue.ts';
import { FAULTS } from '../fault-catalogue.ts';
import { createSimulator, type SimulatedIncident } from './simulator.ts';

const policy = banditFactory.load(new Uint8Array(gunzipSync(readFileSync(new URL('../policy.gz', import.meta.url)))));

/** What the policy of the lab would do without asking; null where it is not sure enough. */
function chosen(incident: SimulatedIncident) {
  const fitting = incident
    .options()
    .filter(({ fits, evidence, action }) => fits && evidence.length > 0 && action !== 'shed-load');
  const options = fitting.map((option) =>
    Object.assign({}, option, { prior: CATALOGUE[option.action].prior, tally: {}, allowed: true }),
  );
  const said = policy.decide({ context: incident.context(), options, explore: false });
  const best = said.findIndex(
    ({ share, probability }, i) => share === 1 && probability >= leastSure(fitting[i]!.action),
  );
  return fitting[best]?.action ?? null;
}

it('does first what helps, and never what harms, on incidents that it has not learnt from', () => {
  const simulator = createSimulator({ seed: 4242 });
  let [first, right] = [0, 0];
  for (let i = 0; i < 150; i++) {
    const incident = simulator.incident(i);
    if (incident === null) continue;
    for (let wait = 0; wait < 3 && !incident.over; wait++) {
      const action = chosen(incident);
      if (action === null) {
        incident.act(null);
        continue;
      }
      const { helps, harms } = FAULTS[incident.fault.kind];
      first++;
      right += Number(helps.includes(action));
      expect(harms, incident.fault.kind).not.toContain(action);
      break;
    }
  }
  expect(first).toBeGreaterThan(120);
  expect(right / first).toBeGreaterThan(0.95);
});
