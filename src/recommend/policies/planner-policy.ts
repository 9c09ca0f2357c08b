import { fitExtraTrees } from '../../ml/extra-trees.ts';
import { type Forest, loadForest } from '../../ml/forest.ts';
import { matrixFromRows } from '../../ml/matrix.ts';
import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import {
  DISRUPTION_MINUTES,
  minutesLost,
  type Policy,
  type PolicyEpisode,
  type PolicyFactory,
  type PolicyOption,
  type PolicyStep,
} from '../../model/policy.ts';
import { rowOf, rowsOf, situationOf } from './context-row.ts';
import { growInTurns } from '../../ml/grow-in-turns.ts';
import { onlyTheBest, thompsonShares, withFloor } from './shares.ts';
import { believe, fitSuccess, loadSuccess, type SuccessModel } from './success-model.ts';
import { opinionOf } from './tally-policy.ts';

const KIND = 'fitted-q';
/** One more than people wait for before they act themselves. */
const ROUNDS = 6;
const TREES = 40;
/** With fewer steps in all there is nothing to plan with. */
const LEAST_STEPS = 30;
/** So many tries say as much of an action as all others together. */
const PRIOR_TRIES = 4;
const MOST_STEPS = 1500;

/** What each action costs to the end of the incident, in minutes, when the best is done afterwards. */
interface Plan {
  readonly forests: ReadonlyMap<string, { readonly forest: Forest; readonly steps: number }>;
  /** Mean minutes to the end over all steps: what is believed of an action that nobody has tried. */
  readonly usual: number;
}

function costOf({ forests, usual }: Plan, option: PolicyOption, row: Float64Array): number {
  const { prior, disruption } = option;
  // The catalogue's belief moves the usual cost by as much as it differs from even odds.
  const believed = usual * (1.5 - prior.resolved / (prior.resolved + prior.failed)) + DISRUPTION_MINUTES[disruption];
  const known = forests.get(option.action);
  if (known === undefined) return believed;
  const [said] = known.forest.predictRow(row, new Float64Array(1));
  return (known.steps * said! + PRIOR_TRIES * believed) / (known.steps + PRIOR_TRIES);
}

const spent = ({ context }: Pick<PolicyStep, 'context'>): ReadonlySet<string> =>
  new Set(context.tried.flatMap(({ action, verdict }) => (verdict === 'inconclusive' ? [] : [action])));

interface Transition {
  readonly action: string;
  readonly row: Float64Array;
  readonly minutes: number;
  /** What could be done next, where the incident went on. */
  readonly next: { readonly rows: readonly Float64Array[]; readonly options: readonly PolicyOption[] } | null;
}

function transitionsOf(episodes: readonly PolicyEpisode[], vocabulary: readonly string[]): readonly Transition[] {
  return episodes.flatMap(({ steps }) =>
    steps.flatMap((step, i) => {
      const minutes = minutesLost(step);
      const after = steps[i + 1];
      // What nobody could tell, and what ended without another try, is known only as far as it went.
      if (minutes === null) return [];
      const gone = after === undefined ? null : spent(after);
      const options = after?.options.filter(({ action }) => !gone?.has(action)) ?? [];
      const next =
        after === undefined || options.length === 0
          ? null
          : { rows: rowsOf(after.context, options, vocabulary), options };
      return [{ action: step.action, row: rowOf(situationOf(step), vocabulary), minutes, next }];
    }),
  );
}

/** Fitted-Q iteration with extremely randomised trees, one ensemble an action (Ernst, Geurts and Wehenkel, 2005). */
async function plan(transitions: readonly Transition[], seed: number): Promise<Plan> {
  const usual = transitions.reduce((sum, { minutes }) => sum + minutes, 0) / transitions.length;
  let made: Plan = { forests: new Map(), usual };
  const actions = [...new Set(transitions.map(({ action }) => action))].sort();
  for (let round = 0; round < ROUNDS; round++) {
    const before = made;
    const forests = new Map<string, { forest: Forest; steps: number }>();
    for (const name of actions) {
      const mine = transitions.filter(({ action }) => action === name).slice(-MOST_STEPS);
      const target = Float64Array.from(mine, ({ minutes, next }) =>
        next === null || round === 0
          ? minutes
          : minutes + Math.min(...next.options.map((option, i) => costOf(before, option, next.rows[i]!))),
      );
      const matrix = matrixFromRows(mine.map(({ row }) => row));
      const options = { seed: seed + round, task: 'regression', trees: TREES, minLeafRows: 3 } as const;
      forests.set(name, { forest: await growInTurns(fitExtraTrees, { matrix, target }, options), steps: mine.length });
    }
    made = { forests, usual };
  }
  return made;
}

function plannerPolicy(made: Plan, success: SuccessModel, exploration: number): Policy {
  return {
    kind: KIND,
    decide: ({ context, options, explore }) => {
      const rows = rowsOf(context, options, success.vocabulary);
      const found = options.map(({ action }, i) => success.evidence(action, rows[i]!));
      const values = options.map((option, i) => -costOf(made, option, rows[i]!));
      const best = onlyTheBest(options, values);
      const beliefs = options.map((option, i) => believe(option, found[i]!));
      const shares = explore
        ? withFloor(options, best, { uniform: exploration, plausible: thompsonShares(options, beliefs) })
        : best;
      return options.map((option, i) => ({
        ...opinionOf(option, beliefs[i]!),
        value: values[i]!,
        share: shares[i]!,
        alike: found[i]?.alike ?? [],
      }));
    },
    toBytes: () => {
      const forests = [...made.forests];
      return encodeModel(
        KIND,
        1,
        {
          exploration,
          usual: made.usual,
          actions: forests.map(([action, { steps }]) => ({ action, steps })),
        },
        {
          success: success.toBytes(),
          ...Object.fromEntries(forests.map(([, { forest }], i) => [`q-${i}`, forest.toBytes()])),
        },
      );
    },
  };
}

/** Plans several steps: what is tried next weighs what would be left to try, and what each try costs. */
export const plannerFactory: PolicyFactory = {
  kind: KIND,
  fit: async (episodes, { seed, exploration }) => {
    const success = await fitSuccess(episodes, seed);
    const transitions = transitionsOf(episodes, success.vocabulary);
    if (transitions.length < LEAST_STEPS) return null;
    return plannerPolicy(await plan(transitions, seed), success, exploration);
  },
  load: (bytes) => {
    const model = decodeModel(bytes);
    requireKind(model, KIND, 1);
    const actions = model.header['actions'] as readonly { readonly action: string; readonly steps: number }[];
    const forests = actions.map(
      ({ action, steps }, i) => [action, { forest: loadForest(model.section(`q-${i}`, 'u8')), steps }] as const,
    );
    const made = { forests: new Map(forests), usual: model.number('usual') };
    return plannerPolicy(made, loadSuccess(model.section('success', 'u8')), model.number('exploration', 0, 1));
  },
};
