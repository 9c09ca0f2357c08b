/** Looks of a text field. */
export const field = 'h-10 rounded-lg border border-line-strong bg-surface px-3 text-sm';
