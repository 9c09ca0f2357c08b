/** What a `Date` can tell, in Unix milliseconds either side of 1970 (ECMA-262, time values). */
const FURTHEST_MS = 8.64e15;

/** Whether a number off the wire is a moment at all; what goes by it would wait for ever, or never end. */
export const isTime = (ms: number): boolean => Math.abs(ms) <= FURTHEST_MS;
