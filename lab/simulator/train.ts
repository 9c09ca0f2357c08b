import type { PolicyContext, PolicyEpisode, PolicyOption, PolicyStep } from '../../src/model/policy.ts';
import { createRandom, type Random } from '../../src/ml/random.ts';
import { CATALOGUE } from '../catalogue.ts';
import { SEEN_METRICS } from './observe.ts';
import { createSimulator, type SimulatedIncident, type SimulatedOption } from './simulator.ts';

/** Longer than all tries together, so that nothing ends by itself. */
const FAULT_S = 3600;
const MOST_TRIES = 4;
/** Settle windows that are let pass before the first try, drawn: what is seen early and late is learnt of. */
const MOST_WAITS = 2;

/** What of a context the simulator does not copy well enough to be relied upon in the real lab is left out of what is learnt. */
const known = ({ tried }: PolicyContext): PolicyContext => ({
  entityKind: 'replica',
  anomalyKinds: [],
  predictionKinds: [],
  drivers: [],
  probability: 0,
  severity: 'warning',
  ageSeconds: 0,
  breadth: 0,
  changes: [],
  tried,
});

/** Chance that something which is far from normal is not seen, and that something is which is not. */
const UNSEEN = 0.2;
const SEEN_WRONGLY = 0.04;

/** The real lab is noisier than the simulated one: what is seen of an entity is not all, and not all of it is so. */
function blurred(words: readonly string[], random: Random): readonly string[] {
  // What happens is told; only what is measured is blurred.
  const kept = words.filter((word) => word.endsWith(' event') || random.next() >= UNSEEN);
  const added = SEEN_METRICS.filter(() => random.next() < SEEN_WRONGLY).map((metric) =>
    metric === 'frames' ? 'frames gone alone' : `${metric} up ${random.next() < 0.5 ? 'alone' : 'shared'}`,
  );
  return [...new Set([...kept, ...added])];
}

const optionOf = (option: SimulatedOption, tried: PolicyContext['tried']): PolicyOption => ({
  ...option,
  prior: CATALOGUE[option.action].prior,
  tally: {},
  allowed: !tried.some(({ action, verdict }) => action === option.action && verdict !== 'inconclusive'),
});

function episodeOf(incident: SimulatedIncident, random: Random): PolicyEpisode {
  const draw = (count: number): number => random.int(Math.max(1, count));
  for (let waits = draw(MOST_WAITS + 1); waits > 0 && !incident.over; waits--) incident.act(null);
  const steps: PolicyStep[] = [];
  for (let k = 0; k < MOST_TRIES && !incident.over; k++) {
    const context = known(incident.context());
    const noise = random.fork(k);
    const simulated = incident
      .options()
      .map((option) => Object.assign({}, option, { evidence: blurred(option.evidence, noise.fork(option.entity)) }));
    const options = simulated.map((option) => optionOf(option, context.tried)).filter(({ allowed }) => allowed);
    const at = draw(options.length);
    const option = options[at];
    if (option === undefined) break;
    const action = simulated.find((one) => one.action === option.action)!.action;
    const time = incident.time;
    const { verdict, minutes } = incident.act(action);
    const { entity, disruption } = option;
    const propensity = 1 / options.length;
    steps.push({
      id: `${incident.id}-${k}`,
      time,
      context,
      action,
      entity,
      disruption,
      verdict,
      options,
      propensity,
      minutes,
    });
    if (verdict === 'resolved') break;
  }
  return { incident: incident.id, steps };
}

/**
 * What came of actions tried at random on so many incidents of the simulated lab: what the policy that serves in the real lab
 * learns from. The same seed gives the same episodes.
 */
export function trainingEpisodes(seed: number, count: number): readonly PolicyEpisode[] {
  const simulator = createSimulator({ seed, faultS: FAULT_S });
  const random = createRandom(seed).fork('training');
  const episodes: PolicyEpisode[] = [];
  for (let index = 0; episodes.length < count; index++) {
    const incident = simulator.incident(index);
    if (incident !== null) episodes.push(episodeOf(incident, random.fork(index)));
  }
  return episodes;
}
