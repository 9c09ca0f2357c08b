import type { PlainError } from './statement-error.ts';

/** What the main thread asks of the database's thread. */
export type Request =
  | { readonly id: number; readonly type: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly type: 'close' };

/** What it answers; `stopped` says that it is the last answer. */
export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'result'; readonly id: number; readonly rows: readonly unknown[]; readonly affected: number }
  | { readonly type: 'error'; readonly id: number; readonly error: PlainError; readonly stopped: boolean };
