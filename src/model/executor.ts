import type { EntityId } from './entity.ts';

/** What an executor is asked to do. */
export interface ExecutionRequest {
  /** Key of this execution: repeating it must not act twice where the executor can know. */
  readonly key: string;
  readonly entity: EntityId;
  /** Arguments from the catalogue with the placeholders filled in. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** Only grows from start to start: a target may refuse whoever comes with a smaller one than it has seen. */
  readonly fence?: number;
  /** Told how to read what was printed so far, bounded and with secrets taken out, by whoever can tell while it runs. */
  readonly follow?: (soFar: () => string) => void;
}

export interface ExecutionResult {
  readonly status: 'succeeded' | 'failed';
  readonly exitCode: number | null;
  /** The last of what was printed or answered, bounded, with secrets taken out. */
  readonly output: string;
  readonly error: { readonly code: string; readonly values: Readonly<Record<string, string | number>> } | null;
}

/** Carries out actions of one kind. Every executor passes `check-executor.ts`. */
export interface Executor {
  readonly kind: string;
  /** Says exactly what `execute` would do, line by line, with secrets left out; changes nothing. */
  plan(request: ExecutionRequest): readonly string[];
  /** Never throws for what the target does: that is a `failed` result. Ends all it started when aborted or timed out. */
  execute(request: ExecutionRequest, signal: AbortSignal): Promise<ExecutionResult>;
}
