import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorValues, toError, VigiaError } from '../runtime/errors.ts';
import type { Words } from '../text/text.ts';
import type { ApiDeps } from './deps.ts';
import type { Problem } from './contract/views.ts';

interface ValidationIssue {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** What a wrong request looks like in words: `limit: must be <= 1000`. */
function describeIssue(issue: ValidationIssue, context: string): string {
  const missing = issue.params['missingProperty'] ?? issue.params['additionalProperty'];
  const path = [issue.instancePath.slice(1).replaceAll('/', '.'), missing].filter(Boolean).join('.');
  return `${path === '' ? context : path}: ${issue.message ?? issue.keyword}`;
}

/** Codes of Fastify's own refusals, as ours. */
const FRAMEWORK: Readonly<Record<string, (limit: number, error: Error) => VigiaError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit) => new VigiaError('BODY_TOO_LARGE', { limit }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (_, { message }) => new VigiaError('BODY_INVALID', { detail: message }),
  FST_ERR_CTP_EMPTY_JSON_BODY: (_, { message }) => new VigiaError('BODY_INVALID', { detail: message }),
};

/** Whatever was thrown, as one of ours; what nobody foresaw becomes INTERNAL. */
export function toVigiaError(thrown: unknown, bodyLimit: number): VigiaError {
  if (thrown instanceof VigiaError) return thrown;
  const error = toError(thrown) as FastifyError;
  if (error.validation !== undefined) {
    const [issue] = error.validation;
    const detail = issue === undefined ? error.message : describeIssue(issue, error.validationContext ?? 'body');
    return new VigiaError('BODY_INVALID', { detail }, error);
  }
  const known = FRAMEWORK[error.code];
  if (known !== undefined) return known(bodyLimit, error);
  if ((error.statusCode ?? 500) < 500) return new VigiaError('BODY_INVALID', { detail: error.message }, error);
  return new VigiaError('INTERNAL', { detail: error.message }, error);
}

/** Values that are words of a closed set (`what: incident`) are said in the reader's language. */
function sayValues(values: ErrorValues, words: Words): ErrorValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      for (const key of [`api.${name}_${value}`, `collect.${name}_${value}`]) {
        const said = words.phrase({ key, values: {} });
        if (said !== key) return [name, said];
      }
      return [name, value];
    }),
  );
}

/** The answer to a request that cannot be served, RFC 9457, in the reader's language. */
export function problemOf(error: VigiaError, words: Words): Problem {
  const titleKey = `api.title_${error.status}`;
  const title = words.phrase({ key: titleKey, values: {} });
  return {
    type: `urn:vigia:problem:${error.code}`,
    title: title === titleKey ? error.code : title,
    status: error.status,
    detail: words.error(error.code, sayValues(error.values, words)),
    code: error.code,
    values: { ...error.values },
  };
}

/** Seconds after which trying again is worth it. */
const RETRY_SECONDS = 2;

/** Sends problems, counts them, and logs what the operator must know. */
export function createProblemHandler({ log, metrics }: ApiDeps) {
  const refused = metrics.counter('vigia_api_refused_total', 'Requests refused because of what they were.', ['code']);
  const failed = metrics.counter('vigia_api_errors_total', 'Requests that could not be served.', ['code']);
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = toVigiaError(thrown, request.routeOptions.bodyLimit ?? 0);
    (error.status < 500 ? refused : failed).inc({ code: error.code });
    if (error.status >= 500) {
      const cause = error.code === 'INTERNAL' ? { cause: toError(error.cause ?? error).stack } : {};
      log.error({ code: error.code, route: request.routeOptions.url, ...cause }, error.message);
    }
    if (error.retryable) void reply.header('Retry-After', String(RETRY_SECONDS));
    if (error.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
    return reply
      .code(error.status)
      .header('Content-Type', 'application/problem+json; charset=utf-8')
      .header('Content-Language', request.words.language)
      .header('Vary', 'Accept-Language')
      .send(JSON.stringify(problemOf(error, request.words)));
  };
}
