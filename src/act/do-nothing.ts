import { createHash } from 'node:crypto';
import type { Incident } from '../model/incident.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import type { ActDeps } from './act-deps.ts';
import type { Case } from './facts.ts';

/** Signs of an incident that are looked at. */
const MOST_SIGNS = 50;

/** What chance said of acting on a prediction. */
export interface Restrained {
  /** Why nothing is done; null when it may be. */
  readonly objection: Phrase | null;
  /** For the record of the run. */
  readonly notes: readonly Phrase[];
  /** To be called when it was acted upon. */
  readonly acted: () => Promise<void>;
}

const UNRESTRAINED: Restrained = { objection: null, notes: [], acted: async () => undefined };

/** The same number of 0 to 1 for a prediction whenever and by whomever it is asked for. */
const drawOf = (prediction: string): number =>
  createHash('sha256').update(`do nothing ${prediction}`).digest().readUIntBE(0, 6) / 2 ** 48;

async function predictionsOf({ store }: ActDeps, incident: Incident, entity: string): Promise<readonly Prediction[]> {
  const found = await Promise.all(incident.predictions.slice(0, MOST_SIGNS).map((id) => store.predictions.get(id)));
  return found.filter(
    (one): one is Prediction => one?.kind === 'failure' && one.state === 'open' && one.entity === entity,
  );
}

/** Where something is badly wrong already, nothing is left to chance. */
async function isCritical({ store }: ActDeps, incident: Incident): Promise<boolean> {
  const found = await Promise.all(incident.anomalies.slice(-MOST_SIGNS).map((id) => store.anomalies.get(id)));
  return found.some((one) => one?.severity === 'critical' && one.end === null);
}

/**
 * The one place where chance decides whether Vigía acts by itself on the prediction of a failure: what is left alone shows
 * what would have come, so that models can be trained on it. Asked when nothing else objects to the action, drawn once a
 * prediction, written down with its chance. People are never restrained, and neither is acting on what is critical already.
 */
export async function restrain(deps: ActDeps, { entity, incident, mode }: Case): Promise<Restrained> {
  const { store, clock, doNothingShare: notActing = 0 } = deps;
  if (notActing <= 0 || mode !== 'auto' || incident === null) return UNRESTRAINED;
  const [prediction, ...others] = await predictionsOf(deps, incident, entity.id);
  if (prediction === undefined || (await isCritical(deps, incident))) return UNRESTRAINED;
  const write = async (acted: boolean): Promise<void> => {
    for (const { id } of [prediction, ...others])
      await store.restraints.insert({ prediction: id, entity: entity.id, time: clock.now(), notActing, acted });
  };
  if (drawOf(prediction.id) >= notActing)
    return { objection: null, notes: [phrase('act.ok_chance', { share: notActing })], acted: () => write(true) };
  await write(false);
  return { objection: phrase('act.no_chance', { share: notActing }), notes: [], acted: async () => undefined };
}
