import { type ErrorCode, type ErrorValues, VigiaError } from '../runtime/errors.ts';

/** A statement that PostgreSQL refused. `sqlState` is its code, see appendix A of PostgreSQL's manual. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly sqlState: string;

  constructor(sqlState: string, message: string) {
    super(message);
    this.sqlState = sqlState;
  }
}

/** An error as it crosses from the database's thread. */
export type PlainError =
  | { readonly kind: 'vigia'; readonly code: ErrorCode; readonly values: ErrorValues; readonly log: string }
  | { readonly kind: 'statement'; readonly sqlState: string; readonly message: string };

export function toPlain(error: unknown): PlainError {
  if (error instanceof VigiaError) {
    const log = (error.cause as { log?: unknown } | undefined)?.log;
    return { kind: 'vigia', code: error.code, values: error.values, log: typeof log === 'string' ? log : '' };
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { kind: 'statement', sqlState: typeof code === 'string' ? code : 'XX000', message: String(message) };
}

export function fromPlain(error: PlainError): Error {
  if (error.kind === 'statement') return new StatementError(error.sqlState, error.message);
  return new VigiaError(error.code, error.values, error.log === '' ? undefined : new Error(error.log));
}
