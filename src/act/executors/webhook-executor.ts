import { createHmac } from 'node:crypto';
import type { ExecutionRequest, ExecutionResult, Executor } from '../../model/executor.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { unanswered } from './cut-off.ts';
import { lastPart, MAX_OUTPUT, OutputTail } from './output-tail.ts';
import { createSecrets, type RevealSecret, type Secrets } from './secrets.ts';

export interface WebhookExecutorDeps {
  readonly clock: Clock;
  readonly secret: RevealSecret;
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Any JSON; undefined for no body. */
  readonly body: unknown;
  /** Reference to the key that it is signed with; null for no signature. */
  readonly sign: string | null;
  readonly retries: number;
}

/** A receiver that is not there, or that says so, has done nothing yet; after anything else a repeat might act twice. */
const NOT_DONE_STATUS: ReadonlySet<number> = new Set([429, 503]);
const NOT_DONE_CAUSE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
const RETRIES = 2;
const MAX_RETRIES = 10;
const FIRST_PAUSE_MS = 200;

/** Names the execution, so that a receiver can tell a repeat from a second wish (draft-ietf-httpapi-idempotency-key-header). */
const KEY_HEADER = 'Idempotency-Key';
/** Only grows: a receiver may refuse a call with a smaller number than it has seen for the same target. */
const FENCE_HEADER = 'Vigia-Fence';
/** `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, as widely read as Stripe's. */
const SIGNATURE_HEADER = 'Vigia-Signature';

function callOf({ args, key, fence }: ExecutionRequest): Call {
  const { method = 'POST', url = '', headers = {}, body, sign, retries = RETRIES } = args;
  const own = Object.entries(headers as object).map(([name, value]) => [name, String(value)] as const);
  const type = body === undefined ? [] : [['Content-Type', 'application/json'] as const];
  return {
    method: String(method).toUpperCase(),
    url: String(url),
    headers: [
      ...type,
      ...own,
      [KEY_HEADER, key],
      ...(fence === undefined ? [] : [[FENCE_HEADER, String(fence)] as const]),
    ],
    body,
    sign: typeof sign === 'string' ? sign : null,
    retries: Math.min(MAX_RETRIES, Math.max(0, Number(retries) || 0)),
  };
}

/** Secrets are put into the texts of a body, not into its JSON, where a quotation mark would break it. */
function revealed(value: unknown, secrets: Secrets): unknown {
  if (typeof value === 'string') return secrets.reveal(value);
  if (Array.isArray(value)) return value.map((item) => revealed(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revealed(item, secrets)]));
}

const failed = (code: string, values: Record<string, string | number>, output = ''): ExecutionResult => ({
  status: 'failed',
  exitCode: null,
  output,
  error: { code, values },
});

interface Body {
  readonly text: string;
  /** Whether there was more of it. */
  readonly after: boolean;
  /** Why it ended before its end; null when it did not. */
  readonly broken: unknown;
}

/** Reads no more than is kept, whatever is sent. */
async function bodyOf(response: Response): Promise<Body> {
  const tail = new OutputTail(MAX_OUTPUT);
  const reader = response.body?.getReader();
  if (reader === undefined) return { text: '', after: false, broken: null };
  try {
    while (!tail.full) {
      const { done, value } = await reader.read();
      if (done) return { text: tail.text(), after: false, broken: null };
      tail.push(Buffer.from(value));
    }
  } catch (broken) {
    return { text: tail.text(), after: true, broken };
  }
  await reader.cancel();
  return { text: tail.text(), after: true, broken: null };
}

/** Why a request came to nothing, in the word of the system where it has one. */
function causeOf(thrown: unknown): string {
  const error = toError(thrown);
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}

interface Sending {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function send(call: Call, secrets: Secrets, { clock, signal }: Sending): Promise<ExecutionResult> {
  const url = new URL(secrets.reveal(call.url));
  const target = secrets.redact(`${url.origin}${url.pathname}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return failed('EXECUTOR_UNREACHABLE', { target, detail: url.protocol });
  }
  const body = call.body === undefined ? '' : JSON.stringify(revealed(call.body, secrets));
  const headers = call.headers.map(([name, value]) => [name, secrets.reveal(value)] as [string, string]);
  if (call.sign !== null) {
    const at = Math.floor(clock.now() / 1000);
    const mac = createHmac('sha256', secrets.reveal(call.sign)).update(`${at}.${body}`).digest('hex');
    headers.push([SIGNATURE_HEADER, `t=${at},v1=${mac}`]);
  }
  const response = await fetch(url, {
    method: call.method,
    headers,
    body: call.body === undefined ? null : body,
    redirect: 'manual',
    signal,
  });
  const { text, after, broken } = await bodyOf(response);
  const said = `${response.status} ${response.statusText}\n${text}`;
  const output = lastPart(secrets.redactPiece(said, { before: false, after }));
  if (broken !== null) {
    signal.throwIfAborted();
    return failed('EXECUTOR_CUT_OFF', { target, detail: secrets.redact(causeOf(broken)) }, output);
  }
  if (response.ok) return { status: 'succeeded', exitCode: null, output, error: null };
  return failed('EXECUTOR_REFUSED', { target, status: response.status }, output);
}

/** Again with the same key, while it is sure that nothing was done. */
async function sendAgain(call: Call, secrets: Secrets, sending: Sending): Promise<ExecutionResult> {
  for (let tries = 0; ; tries++) {
    try {
      const result = await send(call, secrets, sending);
      if (tries >= call.retries || !NOT_DONE_STATUS.has(Number(result.error?.values['status']))) return result;
    } catch (thrown) {
      if (tries >= call.retries || !NOT_DONE_CAUSE.has(causeOf(thrown))) throw thrown;
    }
    await sending.clock.sleep(FIRST_PAUSE_MS * 2 ** tries, sending.signal);
  }
}

/**
 * Sends one HTTP request: `args.url`, `args.method` (POST), `args.headers` and `args.body` (any JSON). An answer of
 * 200 to 299 is success; a redirect is not followed, since it would carry secrets to where nobody meant them to go.
 */
export function createWebhookExecutor({ clock, secret }: WebhookExecutorDeps): Executor {
  return {
    kind: 'webhook',
    plan(request) {
      const { method, url, headers, body } = callOf(request);
      const lines = headers
        .filter(([name]) => name !== KEY_HEADER && name !== FENCE_HEADER)
        .map(([name, value]) => `${name}: ${value}`);
      return [`${method} ${url}`, ...lines, ...(body === undefined ? [] : [JSON.stringify(body)])];
    },
    async execute(request, signal) {
      const secrets = createSecrets(secret);
      const call = callOf(request);
      const done = new AbortController();
      const late = new AbortController();
      const timer = clock
        .sleep(request.timeoutMs, done.signal)
        .then(() => late.abort())
        .catch(() => undefined);
      try {
        return await sendAgain(call, secrets, { clock, signal: AbortSignal.any([signal, late.signal]) });
      } catch (thrown) {
        const { url: target } = call;
        if (late.signal.aborted) return failed('EXECUTOR_UNFINISHED', { target, seconds: request.timeoutMs / 1000 });
        if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
        const cause = causeOf(thrown);
        return failed(unanswered(cause), { target, detail: secrets.redact(cause) });
      } finally {
        done.abort();
        await timer;
      }
    },
  };
}
