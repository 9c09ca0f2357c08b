import type { Feature, FrameLayout } from '../model/frame.ts';

/** Features that count log lines of a pattern, or events; the rest of their name is the exporter's business. */
const COUNTS_EVENTS = /^(?:vigia_)?(?:log|logs|event|events)_/;
const COUNTS_PATTERNS = /^(?:vigia_)?logs?_/;
/** Labels that name a pattern. */
const PATTERN_LABELS = ['template', 'pattern', 'template_id'] as const;

/** Whether a feature is the rate of an event or of a log pattern. */
export const countsEvents = ({ metric }: Feature): boolean => COUNTS_EVENTS.test(metric);

/** Whether a feature is the rate of one log pattern, so that its first appearance is news. */
export const isLogPattern = ({ metric, labels }: Feature): boolean =>
  COUNTS_PATTERNS.test(metric) && PATTERN_LABELS.some((label) => labels[label] !== undefined);

/** 1 for every feature of a layout that is of a kind, 0 for the others; worked out once for each layout. */
function marks(of: (feature: Feature) => boolean): (layout: FrameLayout) => Uint8Array {
  const known = new WeakMap<FrameLayout, Uint8Array>();
  return (layout) => {
    let found = known.get(layout);
    if (found === undefined) {
      found = Uint8Array.from(layout.features, (feature) => (of(feature) ? 1 : 0));
      known.set(layout, found);
    }
    return found;
  };
}

/** Which features of a layout count events. */
export const eventCounts = marks(countsEvents);

/** Which features of a layout are log patterns. */
export const logPatterns = marks(isLogPattern);
