import { toError, VigiaError } from '../runtime/errors.ts';
import { StatementError } from './statement-error.ts';

/** Classes 08 (connection), 53 (resources), 57P (operator's intervention), and a primary that became a replica: waiting helps. */
const AWAY = /^(?:08|53|57P|25006)/;
/** Cancelled by the timeout, in a deadlock with another, or without a lock in time: the same again may work. */
const BUSY = /^(?:57014|40|55P03)/;
/** Wrong user or password, no such database, no right to connect. */
const REFUSED = /^(?:28|3D|42501)/;
const DISK_FULL = '53100';
/** What Node says when it does not trust the server's certificate, and pg when the server has no TLS or wants a password. */
const NOT_TRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|does not support SSL|client password must be a string/;

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

/** What went wrong with a statement. */
export function explainStatement(thrown: unknown): Error {
  const error = toError(thrown) as Error & { code?: string };
  const state = error.code ?? '';
  if (state === DISK_FULL) return new VigiaError('STORE_FULL', { folder: 'of the PostgreSQL server' }, error);
  if (!isSqlState(state) || AWAY.test(state)) {
    return new VigiaError('STORE_UNAVAILABLE', { detail: error.message }, error);
  }
  if (BUSY.test(state)) return new VigiaError('STORE_BUSY', { detail: error.message }, error);
  return new StatementError(state, error.message);
}

/** What went wrong with a connection that is to be made. */
export function explainConnection(thrown: unknown): Error {
  const error = toError(thrown) as Error & { code?: string };
  const state = error.code ?? '';
  const refused = isSqlState(state) ? REFUSED.test(state) : NOT_TRUSTED.test(`${state} ${error.message}`);
  if (refused) return new VigiaError('STORE_REFUSED', { detail: error.message }, error);
  const explained = explainStatement(thrown);
  return explained instanceof VigiaError
    ? explained
    : new VigiaError('STORE_UNAVAILABLE', { detail: error.message }, error);
}

/** Whether the connection must not be used again. */
export const isGone = (error: Error): boolean => error instanceof VigiaError && error.code === 'STORE_UNAVAILABLE';
