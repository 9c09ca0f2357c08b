import { stableId } from '../runtime/ids.ts';
import type { DeadLetter } from '../model/topics.ts';

/** What the table of dead letters allows for a payload, in characters. */
const MAX_PAYLOAD = 64 * 1024;
/** Longer columns are cut before they are written out, so that a huge batch does not become a huge string first. */
export const MAX_LETTER_ITEMS = 1000;
const MAX_REASON = 2000;

/** JSON has no typed arrays, no NaN and no infinities; a reader of dead letters wants to see them. */
function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.length > MAX_LETTER_ITEMS ? value.slice(0, MAX_LETTER_ITEMS) : value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from((value as Float64Array).subarray(0, MAX_LETTER_ITEMS), Number);
  }
  return value;
}

function payloadOf(value: unknown): string {
  try {
    return (JSON.stringify(value, readable) ?? 'null').slice(0, MAX_PAYLOAD);
  } catch (thrown) {
    return JSON.stringify({ unreadable: String(thrown) });
  }
}

/** The letter's id is made of what it holds: the same message refused again after a restart is one letter, not two. */
export function createDeadLetter(
  source: { readonly topic: string; readonly group: string; readonly time: number },
  message: { readonly key: string; readonly value: unknown; readonly attempt: number },
  reason: string,
): DeadLetter {
  const payload = payloadOf(message.value);
  return {
    id: stableId('dead', source.topic, source.group, message.key, payload),
    topic: source.topic,
    group: source.group,
    key: message.key,
    reason: reason.slice(0, MAX_REASON),
    attempts: message.attempt,
    time: source.time,
    payload,
  };
}
