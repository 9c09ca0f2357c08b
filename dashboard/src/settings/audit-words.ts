import type { AuditEntry } from '../../../src/model/failure.ts';
import type { Phrase } from '../../../src/model/phrase.ts';

type Detail = AuditEntry['detail'];

/** What an entry is about: an action and where, or a way to people, rather than a number; otherwise what it names. */
export function subjectOf({ target, detail: { action, entity, channel } }: AuditEntry): string {
  if (typeof action === 'string' && typeof entity === 'string') return `${action} · ${entity}`;
  return typeof channel === 'string' ? channel : target;
}

/** Reasons are told apart from plain words by the room that they stand in. */
const PHRASE = /^(act|errors)\./;
const OWN = 'reason.';

const told = (detail: Detail): Phrase['values'] =>
  Object.fromEntries(
    Object.entries(detail).filter((entry): entry is [string, string | number] =>
      ['string', 'number'].includes(typeof entry[1]),
    ),
  );

/** Why it came so, as a phrase; null where nothing is to be said. */
export function reasonOf({ detail }: Pick<AuditEntry, 'detail'>): Phrase | null {
  const { reason, error } = detail;
  if (typeof error === 'string') return { key: `errors.${error}`, values: told(detail) };
  if (typeof reason !== 'string' || !PHRASE.test(reason)) return null;
  const own = Object.entries(told(detail)).filter(([name]) => name.startsWith(OWN));
  // Entries that are about a run keep the words of the reason apart from their own.
  const values =
    'state' in detail ? Object.fromEntries(own.map(([name, value]) => [name.slice(OWN.length), value])) : told(detail);
  return { key: reason, values };
}
