import type { ActionDefinition } from '../model/action-definition.ts';
import type { ActionMode, Verdict } from '../model/action.ts';
import { parseEntityId } from '../model/entity.ts';
import { boldest, mostCareful } from '../model/ladder.ts';
import { type Phrase, phrase } from '../model/phrase.ts';
import * as limit from './limits.ts';

/** What may be changed while Vigía runs and bears on acting. */
export interface ActSettings {
  /** True stops every action, at once. */
  readonly killSwitch: boolean;
  /** Mode by action id; wins over the catalogue. */
  readonly modes: Readonly<Record<string, ActionMode>>;
}

/**
 * The mode in force: what a rule for this target says (null when none does), but never bolder than what was set for the
 * action while Vigía runs; otherwise what was set, otherwise the catalogue's.
 */
export function modeOf(action: ActionDefinition, settings: ActSettings, ruled: ActionMode | null = null): ActionMode {
  const set = Object.hasOwn(settings.modes, action.id) ? settings.modes[action.id] : undefined;
  if (ruled === null) return asRisky(action, set ?? action.mode);
  return asRisky(action, set === undefined ? ruled : mostCareful(set, ruled));
}

/** What is of high risk is never done without an approval, whatever else says so. */
const asRisky = ({ risk }: ActionDefinition, mode: ActionMode): ActionMode =>
  risk === 'high' ? mostCareful(mode, 'approve') : mode;

/**
 * The boldest mode that the owner allows: what a rule or a setting names, otherwise what the action may climb to.
 */
export function ceilingOf(
  action: ActionDefinition,
  settings: ActSettings,
  ruled: ActionMode | null = null,
): ActionMode {
  const mode = modeOf(action, settings, ruled);
  const named = ruled !== null || Object.hasOwn(settings.modes, action.id);
  return named || action.upTo === undefined ? mode : asRisky(action, boldest(mode, action.upTo));
}

/** Who wants it, and what for: a person; Vigía, against an incident; Vigía, to undo what has done harm. */
export type Purpose = 'person' | 'help' | 'rollback';

/** Everything that a decision rests on. Whoever decides gathers it first, so that the decision itself is a function. */
export interface GuardrailFacts extends limit.LimitFacts {
  readonly settings: ActSettings;
  readonly mode: ActionMode;
  readonly purpose: Purpose;
  /** When the target was last heard of, Unix ms. */
  readonly lastSeen: number;
  readonly executorKnown: boolean;
  /** Why the arguments cannot be filled in; null when they can. */
  readonly argsProblem: Phrase | null;
  /** The first precondition that is not fulfilled, as text; null when all are. */
  readonly unmet: string | null;
  /** Whether the incident that it is for is open; null when it is for none. */
  readonly open: boolean | null;
  /** Why somebody works on the target; null when nobody does. */
  readonly maintenance: string | null;
  /** What this action has brought on this incident already. */
  readonly verdicts: readonly Verdict[];
  /** The chance of success that it was recommended with; null where nobody has said. */
  readonly chance: number | null;
  /** For how long Vigía has wanted this action against the incident without a break, ms; null where nobody counts. */
  readonly standingMs: number | null;
}

export interface Decision {
  /** What every guardrail said, in the order of asking. */
  readonly said: readonly Phrase[];
  /** The first objection; null when the action may be carried out. */
  readonly blocked: Phrase | null;
}

/** An objection names its text without the prefix: `no_` where it binds, `mind_` where it only warns. */
export interface Answer {
  readonly objection: { readonly key: string; readonly values: Phrase['values'] } | null;
  readonly fine: Phrase;
}

export interface Guardrail {
  readonly name: string;
  /** Whom it stops; a person whom it does not stop is warned. */
  readonly binds: readonly Purpose[];
  readonly ask: (facts: GuardrailFacts) => Answer;
}

const fine = (key: string, values: Phrase['values'] = {}): Answer => ({
  objection: null,
  fine: phrase(`act.ok_${key}`, values),
});
const object = (key: string, values: Phrase['values'] = {}): Answer => ({
  objection: { key, values },
  fine: phrase(`act.ok_${key}`, values),
});

/** Tries of one action on one incident when nobody can tell what it brings. */
const MOST_TIMES = 3;

const killSwitch: Guardrail['ask'] = ({ settings }) =>
  settings.killSwitch ? object('kill_switch') : fine('kill_switch');

/** A person may act in all modes but `observe`, Vigía itself only in `approve` (asking first) and `auto`. */
const mode: Guardrail['ask'] = ({ mode: inForce, purpose }) => {
  if (inForce === 'observe') return object('observe');
  return inForce === 'suggest' && purpose === 'help' ? object('suggest') : fine(`mode_${inForce}`);
};

const entityKind: Guardrail['ask'] = ({ action, entity }) => {
  const { kind } = parseEntityId(entity);
  const { entityKinds } = action.match;
  return entityKinds.length === 0 || entityKinds.includes(kind) ? fine('kind', { kind }) : object('kind', { kind });
};

const executor: Guardrail['ask'] = ({ action, executorKnown }) =>
  executorKnown ? fine('executor', { executor: action.executor }) : object('executor', { executor: action.executor });

const args: Guardrail['ask'] = ({ argsProblem }) =>
  argsProblem === null ? fine('args') : { objection: argsProblem, fine: argsProblem };

const there: Guardrail['ask'] = ({ now, lastSeen, limits }) =>
  now - lastSeen > limits.goneAfterMs ? object('gone', { seconds: Math.round((now - lastSeen) / 1000) }) : fine('gone');

const stillOpen: Guardrail['ask'] = ({ open }) => (open === false ? object('over') : fine('open'));

const precondition: Guardrail['ask'] = ({ unmet }) => (unmet === null ? fine('needs') : object('needs', { unmet }));

const maintenance: Guardrail['ask'] = ({ maintenance: why }) =>
  why === null ? fine('maintenance') : object('maintenance', { why });

/**
 * What has not helped is not done again by itself. What cannot be told is, after a pause that doubles, a few times; and so is what
 * has helped before trouble came back.
 */
const notAgain: Guardrail['ask'] = ({ verdicts, now, action, survey }) => {
  const worst = (['harmful', 'ineffective'] as const).find((verdict) => verdicts.includes(verdict));
  if (worst !== undefined) return object(`again_${worst}`);
  const often = (['inconclusive', 'resolved'] as const).find(
    (verdict) => verdicts.filter((one) => one === verdict).length >= MOST_TIMES,
  );
  if (often !== undefined) return object(`again_${often}`, { count: MOST_TIMES });
  if (verdicts.length === 0) return fine('new');
  const pause = verdicts.includes('inconclusive') ? 'backoff' : 'relapse';
  const wait = limit.waitAfter(survey.lastHere, action.cooldownMs * 2 ** verdicts.length, now);
  return wait > 0 ? object(pause, { seconds: Math.ceil(wait / 1000) }) : fine(pause);
};

/** Who is asked first may be asked about anything; what is done without asking has to be likely enough to help. */
const sure: Guardrail['ask'] = ({ chance, mode: inForce, action: { leastSure = 0 } }) =>
  chance !== null && inForce !== 'approve' && chance < leastSure
    ? object('unsure', { probability: chance, least: leastSure })
    : fine('unsure');

/** What looked best a moment ago may have been the first half of what is to be seen. */
const steady: Guardrail['ask'] = ({ standingMs, limits: { steadyMs } }) =>
  standingMs !== null && standingMs < steadyMs
    ? object('fleeting', { seconds: Math.ceil((steadyMs - standingMs) / 1000) })
    : fine('steady');

const everybody: readonly Purpose[] = ['person', 'help', 'rollback'];
const vigia: readonly Purpose[] = ['help'];

/** In this order; the first objection is the one that is shown. The table of the guide says the same. */
export const GUARDRAILS: readonly Guardrail[] = [
  { name: 'kill switch', binds: everybody, ask: killSwitch },
  { name: 'mode', binds: everybody, ask: mode },
  { name: 'entity kind', binds: everybody, ask: entityKind },
  { name: 'executor', binds: everybody, ask: executor },
  { name: 'arguments', binds: everybody, ask: args },
  { name: 'incident open', binds: vigia, ask: stillOpen },
  { name: 'target there', binds: vigia, ask: there },
  { name: 'preconditions', binds: vigia, ask: precondition },
  { name: 'maintenance', binds: vigia, ask: maintenance },
  { name: 'circuit breaker', binds: vigia, ask: limit.breaker },
  { name: 'no repetition', binds: vigia, ask: notAgain },
  { name: 'sure enough', binds: vigia, ask: sure },
  { name: 'opposite action', binds: vigia, ask: limit.opposed },
  { name: 'one at a time', binds: everybody, ask: limit.alone },
  { name: 'target cooldown', binds: ['person', 'help'], ask: limit.cooldown },
  { name: 'action cooldown', binds: vigia, ask: limit.actionCooldown },
  { name: 'fleet cooldown', binds: vigia, ask: limit.fleetCooldown },
  { name: 'blast radius', binds: vigia, ask: limit.blastRadius },
  { name: 'neighbours', binds: vigia, ask: limit.near },
  { name: 'budget of disruption', binds: vigia, ask: limit.budget },
  // Last, since only what nothing else objects to is what Vigía wants.
  { name: 'wanted long enough', binds: vigia, ask: steady },
];

function say(guardrail: Guardrail, facts: GuardrailFacts): { readonly said: Phrase; readonly no: boolean } {
  const { objection, fine: agreed } = guardrail.ask(facts);
  if (objection === null) return { said: agreed, no: false };
  const no = guardrail.binds.includes(facts.purpose);
  const { key, values } = objection;
  return { said: phrase(key.includes('.') ? key : `act.${no ? 'no' : 'mind'}_${key}`, values), no };
}

/** The one place where it is decided whether an action may be carried out. All are asked, so that all can be read later. */
export function decide(facts: GuardrailFacts): Decision {
  const answers = GUARDRAILS.map((guardrail) => say(guardrail, facts));
  return { said: answers.map(({ said }) => said), blocked: answers.find(({ no }) => no)?.said ?? null };
}
