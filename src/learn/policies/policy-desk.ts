import {
  type LearningPoint,
  minutesLost,
  type PolicyEpisode,
  type PolicyPort,
  type PolicyView,
} from '../../model/policy.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../../store/store.ts';
import { episodesOf } from './episodes.ts';
import { viewOf } from './policy-figures.ts';
import type { PolicyLifecycle } from './policy-lifecycle.ts';
import type { PolicyTraining } from './policy-training.ts';

export interface PolicyDeskDeps {
  readonly store: Pick<Store, 'decisions'>;
  readonly clock: Clock;
  readonly lifecycle: PolicyLifecycle;
  readonly training: Pick<PolicyTraining, 'want'>;
  readonly options: { readonly windowMs: number; readonly exploration: number; readonly perDay: number };
}

const DAY_MS = 86_400_000;
const MAX_CASES = 10_000;
const MOST_POINTS = 60;
/** Incidents of one point, at least: fewer are noise. */
const LEAST_A_POINT = 10;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);

const costOf = ({ steps }: PolicyEpisode): number =>
  steps.reduce((sum, step) => sum + (minutesLost(step) ?? step.minutes), 0);

/** Minutes lost an incident and first tries that helped, over equal numbers of incidents one after the other. */
export function learningCurve(episodes: readonly PolicyEpisode[]): readonly LearningPoint[] {
  const size = Math.max(LEAST_A_POINT, Math.ceil(episodes.length / MOST_POINTS));
  const points: LearningPoint[] = [];
  for (let from = 0; from + size <= episodes.length; from += size) {
    const some = episodes.slice(from, from + size);
    points.push({
      time: some.at(-1)?.steps[0]?.time ?? 0,
      incidents: from + size,
      minutes: meanOf(some.map(costOf)),
      resolved: meanOf(some.map(({ steps }) => Number(steps[0]?.verdict === 'resolved'))),
    });
  }
  return points;
}

const withoutModel = (kind: string): PolicyView => ({
  id: null,
  kind,
  version: '1',
  state: 'champion',
  createdAt: null,
  reason: 'first',
  incidents: 0,
  evaluation: null,
});

/** The door to policies for people. */
export function createPolicyDesk({ store, clock, lifecycle, training, options }: PolicyDeskDeps): PolicyPort {
  return {
    overview: async () => {
      const now = clock.now();
      const [policies, inForce, cases, used] = await Promise.all([
        lifecycle.all(),
        lifecycle.inForce(),
        store.decisions.cases(now - options.windowMs, MAX_CASES),
        store.decisions.explored(now - DAY_MS, null),
      ]);
      return {
        inForce: inForce.model === null ? withoutModel(inForce.kind) : viewOf(inForce.model),
        policies: policies.map(viewOf),
        curve: [...learningCurve(episodesOf(cases))],
        exploration: { share: options.exploration, perDay: options.perDay, used },
      };
    },
    train: () => training.want(),
    promote: (id, by) => lifecycle.promote(id, by, 'promoted'),
    rollback: (by) => lifecycle.rollback(by),
  };
}
