import { createHash, randomUUID } from 'node:crypto';

/** Makes ids. Injected, so that a test knows them in advance. */
export interface Ids {
  /** A new id: the prefix, an underscore, something unique. */
  next(prefix: string): string;
}

export const randomIds: Ids = { next: (prefix) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 20)}` };

/** An id made of what it stands for, so that a replay makes the same one. */
export function stableId(prefix: string, ...parts: readonly (string | number)[]): string {
  return `${prefix}_${createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 20)}`;
}
