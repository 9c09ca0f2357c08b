import type { Feature, Frame, FrameLayout } from '../model/frame.ts';

/** A feature that can run out, with the places of its numbers in the frame. */
export interface LimitedFeature {
  readonly feature: Feature;
  readonly index: number;
  readonly side: 'above' | 'below';
  /** The limit: a number, or the place of the feature that says it. */
  readonly limit: { readonly value: number } | { readonly index: number };
}

const known = new WeakMap<FrameLayout, readonly LimitedFeature[]>();

/** The limited features of a layout; a limit that names a feature which is not there is left out. */
export function limitedFeatures(layout: FrameLayout): readonly LimitedFeature[] {
  let limited = known.get(layout);
  if (limited === undefined) {
    const places = new Map(layout.features.map(({ name }, index) => [name, index]));
    limited = layout.features.flatMap((feature, index): readonly LimitedFeature[] => {
      if (feature.limit === null) return [];
      const { side, value } = feature.limit;
      if (typeof value === 'number') return [{ feature, index, side, limit: { value } }];
      const place = places.get(value.feature);
      return place === undefined ? [] : [{ feature, index, side, limit: { index: place } }];
    });
    known.set(layout, limited);
  }
  return limited;
}

/** What is left until the limit, and how much there is in all; `NaN` where either is missing. */
export function headroomOf(
  limited: LimitedFeature,
  values: Frame['values'],
): { readonly left: number; readonly size: number; readonly limit: number } {
  const value = values[limited.index] ?? Number.NaN;
  const limit = 'value' in limited.limit ? limited.limit.value : (values[limited.limit.index] ?? Number.NaN);
  if (limited.side === 'above') return { left: limit - value, size: Math.abs(limit), limit };
  return { left: value - limit, size: Math.max(Math.abs(limit), Math.abs(value)), limit };
}
