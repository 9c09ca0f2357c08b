import { Type } from 'typebox';
import { EntityId } from '../model/entity.ts';
import type { Page, PageQuery, TimeRange } from '../store/store.ts';

/** Items of a page when the reader does not say. */
const DEFAULT_LIMIT = 100;

/** Parameters of every list. */
export const PageParameters = {
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: DEFAULT_LIMIT }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: '`next` of the page before.' })),
};

/** End of the year 9999: later dates are mistakes, and databases do not take them. */
const LATEST = 253_402_300_799_999;

/** A moment in a request. */
export const Moment = Type.Integer({ minimum: 0, maximum: LATEST, description: 'Unix time in milliseconds.' });

/** Parameters of lists over time; `to` is excluded. */
export const RangeParameters = { from: Type.Optional(Moment), to: Type.Optional(Moment) };

export const EntityParameter = { entity: Type.Optional(EntityId) };

export const IncidentParameter = { incident: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) };

export const IdParameters = Type.Object({ id: Type.String({ minLength: 1, maxLength: 600 }) });

export const pageQuery = (query: { readonly limit: number; readonly cursor?: string }): PageQuery => ({
  limit: query.limit,
  cursor: query.cursor ?? null,
});

/** The range asked for, when one was; an end that was left open lies at the beginning or the end of time. */
export function rangeOf(query: { readonly from?: number; readonly to?: number }): { readonly range?: TimeRange } {
  if (query.from === undefined && query.to === undefined) return {};
  return { range: { from: query.from ?? 0, to: query.to ?? LATEST } };
}

/** Only the parameters that were given, as `exactOptionalPropertyTypes` wants it. */
export function given<T extends object>(parameters: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** A page of the store as an answer. */
export async function toPage<T>(page: Promise<Page<T>>): Promise<{ items: T[]; next: string | null }> {
  const { items, next } = await page;
  return { items: [...items], next };
}
