import { MlError } from '../ml/ml-error.ts';
import { decodeModel, requireKind } from '../ml/serialize.ts';
import { loadJointModels } from './ensemble/joint-models.ts';
import { createJointWatch, restoreJointWatch } from './ensemble/joint-watch.ts';
import type { MemberFactory } from './ensemble/member.ts';
import { loadRegimeScales } from './ensemble/regime-scaling.ts';
import type { JointSource } from './joint-part.ts';

/** Kind of the artefact, in its bytes and in the registry. */
export const JOINT_ARTEFACT = 'joint';
export const JOINT_VERSION = 1;
/** Rows that the scale of an entity from the training stands for: enough that it moves slowly, few enough that it moves. */
const OWN_ROWS = 2000;

/** The siblings' models with the scale of each entity that they were fitted on. Throws `ML_FORMAT` and the like. */
export function loadJointArtefact(id: string, bytes: Uint8Array, members: readonly MemberFactory[]): JointSource {
  const saved = decodeModel(bytes);
  requireKind(saved, JOINT_ARTEFACT, JOINT_VERSION);
  const models = loadJointModels(saved.section('models', 'u8'), members);
  const n = models.features.length;
  const { entities } = saved.header;
  if (!Array.isArray(entities)) throw new MlError('ML_FORMAT', 'the entities are missing');
  const places = new Map((entities as readonly unknown[]).map((entity, at) => [entity, at]));
  const centre = saved.section('centre', 'f64', n * places.size);
  const variance = saved.section('variance', 'f64', n * places.size);
  const count = models.within?.regimes.count ?? 0;
  const within = count === 0 ? [] : loadRegimeScales(saved, { features: n, count, entities: places.size });
  return {
    id,
    watch: ({ entity, layout, cadenceMs, state }) => {
      const at = places.get(entity);
      const part = (of: Float64Array): Float64Array => of.slice((at ?? 0) * n, ((at ?? 0) + 1) * n);
      const scale = { centre: part(centre), variance: part(variance) };
      const own = at === undefined ? {} : { own: { scale, within: within[at], rows: OWN_ROWS } };
      const options = { features: layout.features.map(({ name }) => name), cadenceMs, ...own };
      return state === null ? createJointWatch(models, options) : restoreJointWatch(models, options, state);
    },
  };
}
