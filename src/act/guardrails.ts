import type { ActionDefinition } from '../model/action-definition.ts';
import type { ActionMode, Verdict } from '../model/action.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

/** What may be changed while Vigía runs and bears on acting. */
export interface ActSettings {
  /** True stops every action, at once. */
  readonly killSwitch: boolean;
  /** Mode by action id; wins over the catalogue. */
  readonly modes: Readonly<Record<string, ActionMode>>;
}

export const modeOf = (action: ActionDefinition, settings: ActSettings): ActionMode =>
  (Object.hasOwn(settings.modes, action.id) ? settings.modes[action.id] : undefined) ?? action.mode;

/** Everything that a decision rests on. Whoever decides gathers it first, so that the decision itself is a function. */
export interface GuardrailFacts {
  readonly now: number;
  readonly action: ActionDefinition;
  readonly entity: EntityId;
  readonly settings: ActSettings;
  /** Whether Vigía itself wants to act; a person may do what Vigía may not. */
  readonly automatic: boolean;
  readonly executorKnown: boolean;
  /** Why the arguments cannot be filled in; null when they can. */
  readonly argsProblem: Phrase | null;
  /** Newest start of a real run of this action on this entity, Unix ms. */
  readonly lastStart: number | null;
  /** A run that is running on this entity now. */
  readonly running: string | null;
  /** What this action has brought on this incident already. */
  readonly verdicts: readonly Verdict[];
}

export interface Decision {
  /** What every guardrail said, in the order of asking. */
  readonly said: readonly Phrase[];
  /** The first objection; null when the action may be carried out. */
  readonly blocked: Phrase | null;
}

interface Answer {
  readonly ok: boolean;
  readonly said: Phrase;
}

type Guardrail = (facts: GuardrailFacts) => Answer;

const ok = (key: string, values: Phrase['values'] = {}): Answer => ({
  ok: true,
  said: phrase(`act.ok_${key}`, values),
});
const no = (key: string, values: Phrase['values'] = {}): Answer => ({
  ok: false,
  said: phrase(`act.no_${key}`, values),
});

/** Which modes let whom act: a person in all but `observe`, Vigía itself only in `approve` (asking first) and `auto`. */
const AUTOMATIC: ReadonlySet<ActionMode> = new Set(['approve', 'auto']);

const killSwitch: Guardrail = ({ settings }) => (settings.killSwitch ? no('kill_switch') : ok('kill_switch'));

const mode: Guardrail = ({ action, settings, automatic }) => {
  const inForce = modeOf(action, settings);
  if (inForce === 'observe') return no('observe');
  return automatic && !AUTOMATIC.has(inForce) ? no('suggest') : ok(`mode_${inForce}`);
};

const entityKind: Guardrail = ({ action, entity }) => {
  const { kind } = parseEntityId(entity);
  const { entityKinds } = action.match;
  return entityKinds.length === 0 || entityKinds.includes(kind) ? ok('kind', { kind }) : no('kind', { kind });
};

const executor: Guardrail = ({ action, executorKnown }) =>
  executorKnown ? ok('executor', { executor: action.executor }) : no('executor', { executor: action.executor });

const args: Guardrail = ({ argsProblem }) => (argsProblem === null ? ok('args') : { ok: false, said: argsProblem });

/** A start in the future, after the clock was set back, counts as one of now: rather too long than too short. */
const cooldown: Guardrail = ({ now, action, lastStart }) => {
  if (lastStart === null) return ok('cooldown');
  const left = action.cooldownMs - (now - Math.min(lastStart, now));
  return left > 0 ? no('cooldown', { seconds: Math.ceil(left / 1000) }) : ok('cooldown');
};

const oneAtATime: Guardrail = ({ running }) => (running === null ? ok('alone') : no('alone', { run: running }));

/** What has not helped is not done again by itself, nor is what cannot be told to have helped. */
const notAgain: Guardrail = ({ automatic, verdicts }) => {
  const worst = (['harmful', 'ineffective', 'inconclusive'] as const).find((verdict) => verdicts.includes(verdict));
  if (worst === undefined) return ok('new');
  return automatic ? no(`again_${worst}`) : ok(`again_${worst}`);
};

/** In this order; the first objection is the one that is shown. */
const guardrails: readonly Guardrail[] = [killSwitch, mode, entityKind, executor, args, cooldown, oneAtATime, notAgain];

/** The one place where it is decided whether an action may be carried out. All are asked, so that all can be read later. */
export function decide(facts: GuardrailFacts): Decision {
  const answers = guardrails.map((guardrail) => guardrail(facts));
  return { said: answers.map(({ said }) => said), blocked: answers.find((answer) => !answer.ok)?.said ?? null };
}
