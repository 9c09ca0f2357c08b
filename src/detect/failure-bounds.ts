import { matchesPattern } from '../model/action-definition.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import type { FailureDefinition } from '../model/failure-definition.ts';

/** A bound of a feature beyond which the owner calls it a failure. */
export interface FailureBound {
  /** Kind of the failure. */
  readonly kind: string;
  readonly feature: string;
  readonly side: 'above' | 'below';
  readonly limit: number;
}

/** The definitions of failures that are bounds of features of such an entity. */
export function failureBounds(definitions: readonly FailureDefinition[], entity: EntityId): readonly FailureBound[] {
  const { kind: entityKind } = parseEntityId(entity);
  return definitions.flatMap(({ kind, entityKinds, when }) => {
    if (!('feature' in when) || (entityKinds.length > 0 && !entityKinds.includes(entityKind))) return [];
    const { feature, side, limit } = when;
    return [{ kind, feature, side, limit }];
  });
}

/** A pattern may name the whole feature or its metric alone, as where failures are judged. */
export const isBoundOf = ({ feature }: FailureBound, name: string): boolean =>
  matchesPattern(feature, name) || matchesPattern(feature, name.split('{', 1)[0] ?? name);
