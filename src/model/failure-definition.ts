/** What the owner calls a failure. Patterns take `*` for any text and `?` for one character; lengths are ms. */
export type FailureCondition =
  /** Nothing was heard of the entity, or its target answered no scrape, for so long. */
  | { readonly down: number }
  /** An event of this name. */
  | { readonly event: string }
  /** A feature was beyond a limit for so long. */
  | {
      readonly feature: string;
      readonly side: 'above' | 'below';
      readonly limit: number;
      readonly for: number;
    }
  /** An alert of this name fires. */
  | { readonly alert: string };

export interface FailureDefinition {
  readonly kind: string;
  /** Empty means any. */
  readonly entityKinds: readonly string[];
  readonly when: FailureCondition;
}
