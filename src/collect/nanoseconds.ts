/** Nanoseconds since 1970 fit a number only to the nearest 256; twice that is more than any of its roundings. */
const ROUNDING_NS = 512;
const NANOS_A_MS = 1_000_000;

/** Nanoseconds since 1970, rounded as a number rounds them, as whole ms: never the ms before the one that was told. */
export const msOfNanos = (nanos: number): number => Math.floor((nanos + ROUNDING_NS) / NANOS_A_MS);
