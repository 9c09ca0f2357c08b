import type { Feature } from '../model/frame.ts';

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
