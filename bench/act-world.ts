import { createSimulator, type SimulatedIncident, type SimulatedOption } from '../lab/simulator/simulator.ts';
import { ACTION_DISRUPTION, LAB_ACTIONS, type LabAction } from '../lab/world.ts';
import type { Verdict } from '../src/model/action.ts';
import {
  DISRUPTION_MINUTES,
  HARM_MINUTES,
  type PolicyContext,
  type PolicyOption,
  type PolicyStep,
} from '../src/model/policy.ts';

/** Tries before a person is called, and what that costs, minutes. */
export const MOST_STEPS = 4;
const PERSON_MINUTES = 15;
/** Longer than all tries together, so that nothing ends by itself. */
const FAULT_S = 3600;

/** An incident after some tries, with what can be done next. */
export interface Node {
  readonly context: PolicyContext;
  /** Where each action would be carried out, and what is seen there. */
  readonly targets: ReadonlyMap<string, Pick<SimulatedOption, 'entity' | 'evidence'>>;
  /** Takes an action; the same one gives the same again. */
  act(action: string): Move;
}

interface Move {
  readonly verdict: Verdict;
  readonly minutes: number;
  /** Null where the incident is over. */
  readonly next: Node | null;
}

const isAction = (name: string): name is LabAction => (LAB_ACTIONS as readonly string[]).includes(name);

/** Every course of an incident is simulated once, whoever takes it. */
function nodeOf(incident: SimulatedIncident): Node {
  const moves = new Map<string, Move>();
  return {
    context: incident.context(),
    targets: new Map(incident.options().map((option) => [option.action, option])),
    act: (action) => {
      const known = moves.get(action);
      if (known !== undefined) return known;
      if (!isAction(action)) throw new Error(`the simulator knows no ${action}`);
      const copy = incident.copy();
      const { verdict, minutes } = copy.act(action);
      const made = { verdict, minutes, next: verdict === 'resolved' ? null : nodeOf(copy) };
      moves.set(action, made);
      return made;
    },
  };
}

/** The first so many incidents of a simulated lab that somebody noticed. */
export function world(seed: number, count: number): readonly Node[] {
  const simulator = createSimulator({ seed, faultS: FAULT_S });
  const nodes: Node[] = [];
  for (let index = 0; nodes.length < count; index++) {
    const incident = simulator.incident(index);
    if (incident !== null) nodes.push(nodeOf(incident));
  }
  return nodes;
}

/** Minutes of one try, as policies count them, with what a person costs where it was the last one in vain. */
export const costOf = (action: string, { verdict, minutes }: Move, last: boolean): number =>
  minutes +
  DISRUPTION_MINUTES[ACTION_DISRUPTION[action as LabAction]] +
  (verdict === 'harmful' ? HARM_MINUTES : 0) +
  (last && verdict !== 'resolved' ? PERSON_MINUTES : 0);

/** Cheapest first: what cannot be better than the best so far need not be simulated. */
const BY_COST = [...LAB_ACTIONS].sort(
  (a, b) => DISRUPTION_MINUTES[ACTION_DISRUPTION[a]] - DISRUPTION_MINUTES[ACTION_DISRUPTION[b]],
);
/** A settle window. */
const TRY_MINUTES = 0.5;
const leastOf = (action: LabAction): number => DISRUPTION_MINUTES[ACTION_DISRUPTION[action]] + TRY_MINUTES;

/** The least that an incident can cost, by trying everything that could be better than what is known to help. */
export function oracleCost(node: Node, step = 0): number {
  let best = PERSON_MINUTES;
  for (const action of BY_COST) {
    if (leastOf(action) >= best) continue;
    best = Math.min(
      best,
      costOf(action, node.act(action), false) + (node.act(action).next === null ? 0 : PERSON_MINUTES),
    );
  }
  // Where no single try helps, two may.
  if (best < PERSON_MINUTES || step > 0) return best;
  for (const action of BY_COST) {
    const { next } = node.act(action);
    const own = costOf(action, node.act(action), false);
    if (next !== null && own + TRY_MINUTES < best) best = Math.min(best, own + oracleCost(next, step + 1));
  }
  return best;
}

type Tallies = ReadonlyMap<string, Partial<Record<Verdict, number>>>;

/** What can be tried at a node: everything that was not in vain or harmful on it yet. */
export function optionsAt(node: Node, tallies: Tallies): readonly PolicyOption[] {
  const spent = new Set(
    node.context.tried.flatMap(({ action, verdict }) => (verdict === 'inconclusive' ? [] : [action])),
  );
  return LAB_ACTIONS.map((action) => {
    const { entity, evidence } = node.targets.get(action) ?? { entity: 'service/gateway', evidence: [] };
    return {
      action,
      entity,
      disruption: ACTION_DISRUPTION[action],
      prior: { resolved: 1, failed: 1 },
      tally: tallies.get(`${action} ${entity.split('/', 1)[0]}`) ?? {},
      allowed: !spent.has(action),
      evidence,
    };
  });
}

/** One logged try. */
export const stepOf = (
  node: Node,
  options: readonly PolicyOption[],
  taken: {
    readonly id: string;
    readonly at: number;
    readonly propensity: number;
    readonly move: Move;
    readonly last: boolean;
  },
): PolicyStep => {
  const option = options[taken.at]!;
  const { verdict, minutes } = taken.move;
  return {
    id: taken.id,
    time: 0,
    context: node.context,
    action: option.action,
    entity: option.entity,
    disruption: option.disruption,
    verdict,
    options: options.filter(({ allowed }) => allowed),
    propensity: taken.propensity,
    minutes: minutes + (taken.last && verdict !== 'resolved' ? PERSON_MINUTES : 0),
  };
};
