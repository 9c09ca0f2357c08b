import { encodeModel } from '../ml/serialize.ts';
import type { TrainedModel, TrainingHistory } from '../model/trainer.ts';
import { fitJointModels } from './ensemble/joint-models.ts';
import type { MemberFactory } from './ensemble/member.ts';
import { regimeSections } from './ensemble/regime-scaling.ts';
import { JOINT_ARTEFACT, JOINT_VERSION } from './joint-artefact.ts';
import { LIVE_MEMBERS, liveWorth } from './live-members.ts';
import { importExtension } from './load-extension.ts';

/** Plain data, so that it crosses to a thread. */
export interface FitRequest {
  readonly histories: readonly TrainingHistory[];
  readonly cadenceMs: number;
  readonly seed: number;
  /** Addresses of the packages whose members join the ensemble. */
  readonly members: readonly string[];
  /** By how much each member's word is worth more or less than before anybody judged it, by kind. */
  readonly trust?: Readonly<Record<string, number>>;
}

/** Features of a model: those of most siblings. What one entity alone has, its residual looks after. */
const MOST_FEATURES = 128;
const LEAST_SHARE = 0.34;

/** The features that enough siblings have, the most common first. */
function commonFeatures(histories: readonly TrainingHistory[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { features } of histories) for (const name of features) counts.set(name, (counts.get(name) ?? 0) + 1);
  const common = [...counts].filter(([, count]) => count >= LEAST_SHARE * histories.length);
  return new Set(
    common
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, MOST_FEATURES)
      .map(([name]) => name),
  );
}

function narrowed(history: TrainingHistory, wanted: ReadonlySet<string>): TrainingHistory {
  const places = history.features.flatMap((name, at) => (wanted.has(name) ? [at] : []));
  const width = history.features.length;
  if (places.length === width) return history;
  const stretches = history.stretches.map(({ times, values }) => {
    const kept = new Float32Array(times.length * places.length);
    for (let r = 0, to = 0; r < times.length; r++) for (const at of places) kept[to++] = values[r * width + at]!;
    return { times, values: kept };
  });
  return { ...history, features: places.map((at) => history.features[at]!), stretches };
}

/**
 * Fits the joint members of one scope; null when there is too little history. About a second for 25,000 rows of 40
 * features: to be done in a thread.
 */
export async function fitJoint({
  histories,
  cadenceMs,
  seed,
  members,
  trust = {},
}: FitRequest): Promise<TrainedModel | null> {
  const brought: MemberFactory[] = [];
  for (const url of members) brought.push(await importExtension(url, 'member'));
  const wanted = commonFeatures(histories);
  const narrow = histories.map((history) => narrowed(history, wanted));
  const worth = (kind: string): number => liveWorth(kind) * (trust[kind] ?? 1);
  const fitted = fitJointModels(narrow, { cadenceMs, seed, members: [...LIVE_MEMBERS, ...brought], worth });
  if (fitted === null) return null;
  const { models, scales, within } = fitted;
  const n = models.features.length;
  const table = (pick: (place: number) => Float64Array): Float64Array => {
    const all = new Float64Array(scales.length * n);
    scales.forEach((_, i) => all.set(pick(i), i * n));
    return all;
  };
  const rows = narrow.reduce((sum, { stretches }) => sum + stretches.reduce((s, { times }) => s + times.length, 0), 0);
  const bytes = encodeModel(
    JOINT_ARTEFACT,
    JOINT_VERSION,
    { entities: narrow.map(({ entity }) => entity) },
    {
      models: models.toBytes(),
      centre: table((i) => scales[i]!.centre),
      variance: table((i) => scales[i]!.variance),
      ...(within.length > 0 && regimeSections(within)),
    },
  );
  return {
    bytes,
    metrics: {
      rows,
      features: n,
      entities: narrow.length,
      members: models.members.length,
      regimes: models.within?.regimes.count ?? 1,
    },
    refused: null,
  };
}
