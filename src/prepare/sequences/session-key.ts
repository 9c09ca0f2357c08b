import { createHash } from 'node:crypto';
import { matchesPattern } from '../../model/action-definition.ts';
import type { LogRecord } from '../../model/log-record.ts';

/** What makes lines one session, as it is configured. */
export interface SessionKeyRule {
  /** Entity id, `*` for anything. */
  readonly entity?: string;
  readonly fields: readonly string[];
  /** A word in the text, `*` for letters, digits, `_` and `-`. */
  readonly word?: string;
}

export interface SessionKeyOptions {
  readonly automatic: boolean;
  readonly keys: readonly SessionKeyRule[];
}

/**
 * Fields that name one request or job, the narrowest first, in the spelling that is left without case and punctuation:
 * of OpenTelemetry, of the frameworks' own loggers, of proxies and of message queues.
 */
const KNOWN = [
  'traceid',
  'requestid',
  'reqid',
  'xrequestid',
  'correlationid',
  'xcorrelationid',
  'transactionid',
  'txid',
  'jobid',
  'taskid',
  'executionid',
  'messageid',
  'sessionid',
  'connectionid',
];
const RANK: ReadonlyMap<string, number> = new Map(KNOWN.map((name, rank) => [name, rank]));
/** Spellings of field names that are remembered with their rank. */
const MAX_SPELLINGS = 5000;
/** Values that say that there is none. */
const NONE = /^(?:|-|null|none|undefined|n\/a|0+|0{8}-0{4}-0{4}-0{4}-0{12})$/i;
const HASH_BYTES = 8;

type FindKey = (record: LogRecord) => string | null;

function automaticKey(): FindKey {
  const ranks = new Map<string, number>();
  const rankOf = (name: string): number => {
    let rank = ranks.get(name);
    if (rank === undefined) {
      if (ranks.size >= MAX_SPELLINGS) ranks.clear();
      rank = RANK.get(name.toLowerCase().replaceAll(/[^a-z]/g, '')) ?? Number.POSITIVE_INFINITY;
      ranks.set(name, rank);
    }
    return rank;
  };
  return ({ attributes }) => {
    let best = Number.POSITIVE_INFINITY;
    let key: string | null = null;
    for (const name in attributes) {
      const rank = rankOf(name);
      if (rank >= best || NONE.test(attributes[name]!)) continue;
      best = rank;
      key = `${KNOWN[rank]}\u0000${attributes[name]!}`;
    }
    return key;
  };
}

/** A word with places for what differs, as an expression that takes linear time. */
function wordPattern(word: string): RegExp {
  const parts = word.split(/\*+/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`(?<![\\w-])${parts.join('[\\w-]{1,128}')}(?![\\w-])`);
}

function ruleKey({ entity, fields, word }: SessionKeyRule): FindKey {
  const pattern = word === undefined ? null : wordPattern(word);
  return (record) => {
    if (entity !== undefined && !matchesPattern(entity, record.entity)) return null;
    const values = fields.map((name) => record.attributes[name] ?? '');
    if (values.some((value) => NONE.test(value))) return null;
    if (pattern !== null) {
      const found = pattern.exec(record.text);
      if (found === null) return null;
      values.push(found[0]);
    }
    return values.length === 0 ? null : values.join('\u0000');
  };
}

/**
 * Says which session a line is of; null when it says nothing of one. Sessions are known by a hash, so that no request, user
 * or block is named in what is kept.
 */
export function createSessionKey({ automatic, keys }: SessionKeyOptions): (record: LogRecord) => string | null {
  const finders = [...keys.map(ruleKey), ...(automatic ? [automaticKey()] : [])];
  return (record) => {
    for (const find of finders) {
      const key = find(record);
      if (key !== null)
        return createHash('sha256')
          .update(key)
          .digest('hex')
          .slice(0, 2 * HASH_BYTES);
    }
    return null;
  };
}
