import type { PolicyView } from '../../../src/model/policy.ts';
import type { PageWords } from '../text/page-words.ts';

const KINDS = ['beta', 'bandit', 'case-forest', 'fitted-q'] as const;
type Kind = (typeof KINDS)[number];

const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** What a kind of policy does, in words; one from a package goes by its own name. */
export const policyName = (words: PageWords, kind: string): string =>
  isKind(kind) ? words.say(`dashboard-policies.kind_${kind}`) : kind;

const FAULTS = ['effective-size', 'clipped', 'support'] as const;

/** Why there is no verdict on a policy. */
export const faultsOf = (words: PageWords, { evaluation }: Pick<PolicyView, 'evaluation'>): readonly string[] =>
  FAULTS.filter((fault) => evaluation?.faults.includes(fault) === true).map((fault) =>
    words.say(`dashboard-policies.fault_${fault}`),
  );
