import type { Problem } from '../../../src/api/contract/views.ts';
import { translator } from '../text/words.ts';
import { readToken } from './token.ts';

/** A refusal of the server, or no answer at all (`status` 0, `detail` empty). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'detail' in value && 'code' in value;

export function headers(change: boolean): Record<string, string> {
  const token = readToken();
  return {
    Accept: 'application/json',
    'Accept-Language': translator.language,
    ...(change ? { 'Content-Type': 'application/json', 'X-Vigia': '1' } : {}),
    ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
  };
}

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  return isProblem(body)
    ? new ApiError(response.status, body.code, body.detail)
    : new ApiError(response.status, 'UNKNOWN', response.statusText);
}

async function answer<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'UNREACHABLE', '');
  }
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const get = <T>(path: string, signal: AbortSignal): Promise<T> =>
  answer<T>(path, { headers: headers(false), signal });

export const send = <T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown): Promise<T> =>
  answer<T>(path, { method, headers: headers(true), body: JSON.stringify(body) });

type Parameter = string | number | boolean | undefined;

/** `?a=1&b=2` of what is set; empty when nothing is. Arrays repeat their name. */
export function query(parameters: Readonly<Record<string, Parameter | readonly string[]>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) search.append(name, one);
    else if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** Path of an entity in the API: the name is one segment, whatever it holds. */
export function entityPath(id: string): string {
  const slash = id.indexOf('/');
  return `entities/${encodeURIComponent(id.slice(0, slash))}/${encodeURIComponent(id.slice(slash + 1))}`;
}
