import { type ErrorCode, toError, VigiaError } from '../../runtime/errors.ts';

/** What the client throws: one error, or a tree of them. */
interface ClientError extends Error {
  readonly apiId?: string;
  readonly code?: string;
  readonly errors?: readonly Error[];
  findBy?(property: string, value: unknown): unknown;
}

function* leaves(error: ClientError): Generator<ClientError> {
  const below = error.errors?.filter(Boolean) ?? [];
  if (below.length > 0) for (const one of below) yield* leaves(one);
  else if (error.cause instanceof Error) yield* leaves(error.cause);
  yield error;
}

/** True when Kafka or the client names this reason, however deep. */
export const hasReason = (thrown: unknown, ...ids: readonly string[]): boolean =>
  [...leaves(toError(thrown))].some(({ apiId }) => apiId !== undefined && ids.includes(apiId));

const AUTHENTICATION = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE']);

function codeOf(all: readonly ClientError[]): ErrorCode {
  const reasons = all.flatMap(({ apiId }) => (apiId === undefined ? [] : [apiId]));
  const refused = all.some(
    ({ code = '' }) => code === 'PLT_KFK_AUTHENTICATION' || code.includes('CERT') || code.includes('SIGNED'),
  );
  if (refused || reasons.some((reason) => AUTHENTICATION.has(reason))) return 'BUS_REFUSED';
  if (reasons.some((reason) => reason.endsWith('_AUTHORIZATION_FAILED'))) return 'BUS_RIGHTS';
  if (reasons.includes('INVALID_REPLICATION_FACTOR')) return 'BUS_REPLICATION';
  return 'BUS_UNAVAILABLE';
}

/** Says in one line what is wrong with the brokers, by the innermost reason. */
export function busError(thrown: unknown, brokers: readonly string[], wanted = 0): VigiaError {
  if (thrown instanceof VigiaError) return thrown;
  const all = [...leaves(toError(thrown))];
  const [first] = all as [ClientError];
  const said = (first as { serverErrorMessage?: string | null }).serverErrorMessage;
  const detail = said ?? (first.message === '' ? (first.code ?? first.name) : first.message);
  return new VigiaError(codeOf(all), { detail, brokers: brokers.join(', '), wanted }, thrown);
}
