import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import type { PolicyEpisode, PolicyOption } from '../../model/policy.ts';
import { type CaseForest, fitCaseForest, loadCaseForest, type LocalEvidence, type PastTry } from './case-forest.ts';
import { rowOf, situationOf, vocabularyOf } from './context-row.ts';
import type { Belief } from './shares.ts';
import { HARM_WEIGHT, tallied } from './tally-policy.ts';

const KIND = 'success-model';

/** Estimates the success of each action in a context. */
export interface SuccessModel {
  readonly vocabulary: readonly string[];
  /** Null where the action has been tried too seldom to look at contexts; then counts are all there is. */
  evidence(action: string, row: Float64Array): LocalEvidence | null;
  toBytes(): Uint8Array;
}

/** Learns from every judged try, whoever chose it. Inconclusive ones teach nothing. */
export async function fitSuccess(episodes: readonly PolicyEpisode[], seed: number): Promise<SuccessModel> {
  const steps = episodes.flatMap((episode) => episode.steps).filter(({ verdict }) => verdict !== 'inconclusive');
  const vocabulary = vocabularyOf(steps.map(situationOf));
  const byAction = new Map<string, PastTry[]>();
  for (const step of steps) {
    const { id, action, verdict } = step;
    const past = {
      id,
      row: rowOf(situationOf(step), vocabulary),
      resolved: verdict === 'resolved',
      harmful: verdict === 'harmful',
    };
    const known = byAction.get(action);
    if (known === undefined) byAction.set(action, [past]);
    else known.push(past);
  }
  const forests = new Map<string, CaseForest>();
  for (const action of [...byAction.keys()].sort()) {
    const forest = await fitCaseForest(byAction.get(action) ?? [], seed);
    if (forest !== null) forests.set(action, forest);
  }
  return successModel(vocabulary, forests);
}

/** Throws the codes of `decodeModel`. */
export function loadSuccess(bytes: Uint8Array): SuccessModel {
  const model = decodeModel(bytes);
  requireKind(model, KIND, 1);
  const actions = model.header['actions'] as readonly string[];
  const forests = actions.map((action, i) => [action, loadCaseForest(model.section(`forest-${i}`, 'u8'))] as const);
  return successModel(model.header['vocabulary'] as readonly string[], new Map(forests));
}

function successModel(vocabulary: readonly string[], forests: ReadonlyMap<string, CaseForest>): SuccessModel {
  return {
    vocabulary,
    evidence: (action, row) => forests.get(action)?.evidence(row) ?? null,
    toBytes: () =>
      encodeModel(
        KIND,
        1,
        { vocabulary, actions: [...forests.keys()] },
        Object.fromEntries([...forests.values()].map((forest, i) => [`forest-${i}`, forest.toBytes()])),
      ),
  };
}

/** The catalogue's belief, sharpened by like cases as far as there are any; by counts where there are none. */
export function believe(option: PolicyOption, found: LocalEvidence | null): Belief {
  if (found === null || found.size === 0) return tallied(option);
  const { size, resolved, harmful } = found;
  const { prior } = option;
  const failed = 1 - resolved - harmful;
  return {
    a: prior.resolved + size * resolved,
    b: prior.failed + size * (failed + HARM_WEIGHT * harmful),
    harm: (size * harmful) / (size + prior.resolved + prior.failed),
  };
}
