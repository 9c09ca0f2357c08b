import { type SequenceModel, loadSequenceModel } from '../../ml/sequence-model.ts';
import type { EntityId } from '../../model/entity.ts';
import { eventOf, eventsOf, type LogSequence, ODD_LEVELS, templateOf } from '../../model/log-sequence.ts';
import { stableId } from '../../runtime/ids.ts';
import type { TemplateMiner } from '../templates/template-miner.ts';
import type { EndedSession } from './open-sessions.ts';

/** A model in force, as the registry has it. */
export interface ServingSequences {
  readonly id: string;
  readonly model: SequenceModel;
}

/** Which model judges an entity; null when there is none yet. */
export type SequencesOf = (entity: EntityId) => ServingSequences | null;

export const loadSequences = (id: string, bytes: Uint8Array): ServingSequences => ({
  id,
  model: loadSequenceModel(bytes),
});

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Sessions kept of an entity in an hour to be learnt from: many on its first day, so that there is a model soon. */
const SAMPLED = { first: 500, later: 40 } as const;
/** Odd sessions kept as evidence in a minute. */
const EVIDENCE = 3;
const MOST_EXPECTED = 3;
const HASH = 2 ** 48;

/** What became of a session: how rare it is, when it was judged, and what is kept of it. */
export interface JudgedSession {
  readonly pValue: number | null;
  readonly sequences: readonly LogSequence[];
}

/** What was kept of an entity's sessions: in the newest hour those seen, in the newest minute those kept as evidence. */
export interface KeptTally {
  hour: number;
  seen: number;
  minute: number;
  evidence: number;
}

/** Which patterns have become part of others, and how often that changed. */
export type Joined = Pick<TemplateMiner, 'joined' | 'joins'>;

/** Whose session it is, and since when its sessions were seen. */
interface Whose {
  readonly entity: EntityId;
  readonly fleet: string;
  readonly since: number;
  readonly kept: KeptTally;
}

/** Says how odd sessions are that are over, and which of them are kept. The same sessions bring the same. */
export class SessionJudge {
  readonly #modelOf: SequencesOf;
  readonly #patterns: Joined;
  readonly #stale = new WeakMap<SequenceModel, { readonly joins: number; readonly stale: boolean }>();

  constructor(modelOf: SequencesOf, patterns: Joined) {
    this.#modelOf = modelOf;
    this.#patterns = patterns;
  }

  judge(of: Whose, session: EndedSession): JudgedSession {
    if (session.partial) return { pValue: null, sequences: [] };
    const { joined } = this.#patterns;
    const events = eventsOf(session.events.map(templateOf), joined);
    const templates = events.map(templateOf);
    const serving = this.#serving(of.entity);
    const verdict = serving?.model.score(events) ?? null;
    const pValue = verdict?.pValue ?? null;
    const ids = idsOf(of, session, pValue);
    if (ids.length === 0) return { pValue, sequences: [] };
    const { entity, fleet } = of;
    const said = saidOf(serving, events, verdict?.position ?? 0);
    const whole = { entity, fleet, start: session.first, end: session.last, templates, pValue, ...said };
    return { pValue, sequences: ids.map((one) => Object.assign(one, whole)) };
  }

  /** A model that knows patterns apart which are one by now says nothing until it is trained anew. */
  #serving(entity: EntityId): ServingSequences | null {
    const serving = this.#modelOf(entity);
    if (serving === null) return null;
    const { model } = serving;
    const { joined, joins } = this.#patterns;
    let known = this.#stale.get(model);
    if (known === undefined || known.joins !== joins) {
      known = {
        joins,
        stale: [...joined.keys()].some((template) => model.events.has(eventOf(template))),
      };
      this.#stale.set(model, known);
    }
    return known.stale ? null : serving;
  }
}

/** Under which ids it is kept: as a sample, which takes the place of another one, and as evidence, when it is odd. */
function idsOf({ entity, since, kept }: Whose, session: EndedSession, pValue: number | null) {
  const { key, first, last } = session;
  const place = placeOf(kept, session, last - since < DAY_MS ? SAMPLED.first : SAMPLED.later);
  const isOdd = pValue !== null && pValue <= ODD_LEVELS[0] && isEvidence(kept, last);
  return [
    ...(place === null ? [] : [{ id: stableId('sequence', entity, kept.hour, 'sampled', place), sampled: true }]),
    ...(isOdd ? [{ id: stableId('sequence', entity, key, first), sampled: false }] : []),
  ];
}

/** Where it is kept among the samples of its hour, so that any session has the same chance; null when it is not. */
function placeOf(kept: KeptTally, { key, last }: EndedSession, most: number): number | null {
  const hour = Math.floor(last / HOUR_MS);
  if (hour > kept.hour) [kept.hour, kept.seen] = [hour, 0];
  const before = kept.seen++;
  // Its key is a hash, so that chance is the same in every process (reservoir sampling, Vitter 1985).
  const place = before < most ? before : Math.floor((Number.parseInt(key.slice(0, 12), 16) / HASH) * (before + 1));
  return place < most ? place : null;
}

function isEvidence(kept: KeptTally, time: number): boolean {
  const minute = Math.floor(time / MINUTE_MS);
  if (minute > kept.minute) [kept.minute, kept.evidence] = [minute, 0];
  return kept.evidence++ < EVIDENCE;
}

function saidOf(serving: ServingSequences | null, events: readonly number[], position: number) {
  if (serving === null) return { model: null, position: null, expected: [] };
  const expected = serving.model.expected(events, position, MOST_EXPECTED).map(({ event, probability }) => ({
    template: event === null ? null : templateOf(event),
    probability,
  }));
  return { model: serving.id, position, expected };
}
