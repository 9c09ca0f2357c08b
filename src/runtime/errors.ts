import { errors as english } from '../text/en/errors.ts';

/** The closed table of what can go wrong: the HTTP status it becomes, and whether waiting can help. */
const table = {
  ACTION_UNKNOWN: { status: 404 },
  API_ADDRESS_INVALID: { status: 500 },
  API_ADDRESS_UNSAFE: { status: 500 },
  API_BUSY: { status: 503, retryable: true },
  API_FLOODED: { status: 429, retryable: true },
  API_FORBIDDEN: { status: 403 },
  API_HEADER_MISSING: { status: 403 },
  API_HOST_REFUSED: { status: 421 },
  API_ORIGIN_REFUSED: { status: 403 },
  API_UNAUTHORIZED: { status: 401 },
  BODY_INVALID: { status: 400 },
  BODY_TOO_LARGE: { status: 413 },
  BODY_TYPE: { status: 415 },
  BUS_MESSAGE_TOO_LARGE: { status: 413 },
  BUS_PARTITIONS: { status: 500 },
  BUS_REFUSED: { status: 500 },
  BUS_REPLICATION: { status: 503, retryable: true },
  BUS_RIGHTS: { status: 500 },
  BUS_STOPPED: { status: 503, retryable: true },
  BUS_UNAVAILABLE: { status: 503, retryable: true },
  CLOCK_BACK: { status: 500 },
  CLOCK_FORWARD: { status: 500 },
  CLOCK_SKEW: { status: 500 },
  CONFIG_INVALID: { status: 500 },
  CONFIG_UNREADABLE: { status: 500 },
  CURSOR_INVALID: { status: 400 },
  EXECUTOR_BUDGET: { status: 409 },
  EXECUTOR_CUT_OFF: { status: 502 },
  EXECUTOR_FAILED: { status: 502 },
  EXECUTOR_LIMITED: { status: 429 },
  EXECUTOR_MISSING: { status: 502 },
  EXECUTOR_NO_EARLIER: { status: 409 },
  EXECUTOR_REFUSED: { status: 502 },
  EXECUTOR_STOPPED: { status: 503 },
  EXECUTOR_TIMEOUT: { status: 504 },
  EXECUTOR_UNFINISHED: { status: 504 },
  EXECUTOR_UNREACHABLE: { status: 502 },
  EXECUTOR_UNSTARTABLE: { status: 502 },
  EXECUTOR_WOULD_LOSE: { status: 409 },
  EXPOSITION_INVALID: { status: 400 },
  EXTENSION_INVALID: { status: 500 },
  FEEDBACK_CONFLICT: { status: 409 },
  FEEDBACK_FOUND: { status: 409 },
  FEEDBACK_FULL: { status: 409 },
  FEEDBACK_LEARNT: { status: 409 },
  FEEDBACK_UNDONE: { status: 409 },
  HISTORY_UNAVAILABLE: { status: 502, retryable: true },
  INPUT_TOO_LARGE: { status: 413 },
  INTERNAL: { status: 500 },
  KUBERNETES_REFUSED: { status: 502 },
  KUBERNETES_UNREACHABLE: { status: 502, retryable: true },
  LEASE_LOST: { status: 409 },
  LETTER_UNREADABLE: { status: 409 },
  LINK_EXPIRED: { status: 410 },
  LINK_INVALID: { status: 404 },
  LINK_ROLE: { status: 403 },
  LINK_USED: { status: 409 },
  LISTEN_FAILED: { status: 500 },
  MODEL_STATE: { status: 409 },
  NOT_FOUND: { status: 404 },
  PORT_TAKEN: { status: 500 },
  RUN_STATE: { status: 409 },
  SILENCE_EMPTY: { status: 400 },
  SILENCE_MATCH: { status: 400 },
  SILENCE_OVER: { status: 409 },
  SILENCE_RANGE: { status: 400 },
  STAGES_ALONE: { status: 400 },
  STAGE_AWAY: { status: 503, retryable: true },
  STATE_INVALID: { status: 500 },
  STORE_BUSY: { status: 503, retryable: true },
  STORE_CONFLICT: { status: 409 },
  STORE_DAMAGED: { status: 500 },
  STORE_FULL: { status: 507, retryable: true },
  STORE_LOCKED: { status: 500 },
  STORE_NEWER: { status: 500 },
  STORE_OLDER: { status: 500 },
  STORE_REFUSED: { status: 500 },
  STORE_UNAVAILABLE: { status: 503, retryable: true },
  STORE_UNWRITABLE: { status: 500 },
  USAGE: { status: 400 },
} as const satisfies Record<keyof typeof english, { status: number; retryable?: true }>;

export type ErrorCode = keyof typeof table;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(table, code);
export type ErrorValues = Readonly<Record<string, string | number>>;

/** Fills `{{name}}` of a template; what has no value stays visible. */
export const fill = (template: string, values: ErrorValues): string =>
  template.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => String(values[name] ?? whole));

/**
 * The one error of the product. `code` is stable and may be relied on; the message is English for the log, and
 * `text/` says the same in the reader's language from `code` and `values`. Values must never hold a secret.
 */
export class VigiaError extends Error {
  override readonly name = 'VigiaError';
  readonly code: ErrorCode;
  readonly values: ErrorValues;

  constructor(code: ErrorCode, values: ErrorValues = {}, cause?: unknown) {
    super(fill(english[code], values), cause === undefined ? undefined : { cause });
    this.code = code;
    this.values = values;
  }

  get status(): number {
    return table[this.code].status;
  }

  /** True when the same thing may work later without anybody changing anything. */
  get retryable(): boolean {
    return 'retryable' in table[this.code];
  }
}

/** What was thrown, as an Error, whatever it was. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
