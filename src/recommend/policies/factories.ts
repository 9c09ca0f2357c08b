import type { PolicyFactory } from '../../model/policy.ts';
import { banditFactory } from './bandit-policy.ts';
import { plannerFactory } from './planner-policy.ts';
import { tallyFactory } from './tally-policy.ts';

/** The policies that Vigía comes with; the first needs no model. */
export const POLICIES: readonly PolicyFactory[] = [tallyFactory, banditFactory, plannerFactory];
