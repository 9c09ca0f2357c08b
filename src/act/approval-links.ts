import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ApproverRole } from '../model/action-definition.ts';

/** What a signed link says: whom it was sent to, which run it is about, and what it may do. */
export interface ApprovalLink {
  readonly run: string;
  readonly role: ApproverRole;
  /** Name of the channel that it was sent to: who it is that decides, as far as anybody can tell. */
  readonly channel: string;
  /** Unix ms; what is later is too late. */
  readonly expiresAt: number;
}

const VERSION = 'a1';
/** A token is some 200 characters; what is much longer is not one. */
const MOST_CHARACTERS = 1000;

const macOf = (text: string, key: Uint8Array): Buffer => createHmac('sha256', key).update(text).digest();

/** The link as text that fits into an address: what it says, a dot, and the HMAC-SHA256 of that. */
export function signLink({ run, role, channel, expiresAt }: ApprovalLink, key: Uint8Array): string {
  const said = Buffer.from(JSON.stringify([VERSION, run, role, channel, expiresAt])).toString('base64url');
  return `${said}.${macOf(said, key).toString('base64url')}`;
}

function read(said: string): ApprovalLink | null {
  const found: unknown = JSON.parse(Buffer.from(said, 'base64url').toString('utf8'));
  if (!Array.isArray(found)) return null;
  const [version, run, role, channel, expiresAt] = found as readonly unknown[];
  if (version !== VERSION || typeof run !== 'string' || typeof channel !== 'string') return null;
  if ((role !== 'operator' && role !== 'admin') || typeof expiresAt !== 'number') return null;
  return { run, role, channel, expiresAt };
}

/** What a token says, when it was signed with this key; null otherwise. Whether it is still in time is the caller's to see. */
export function readLink(token: string, key: Uint8Array): ApprovalLink | null {
  const [said = '', mac = '', ...more] = token.length > MOST_CHARACTERS ? [] : token.split('.');
  if (said === '' || more.length > 0) return null;
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(said, key);
  // Two spellings of the same bytes are one too many: only what was given out counts.
  if (given.length !== right.length || !timingSafeEqual(given, right) || given.toString('base64url') !== mac)
    return null;
  try {
    return read(said);
  } catch {
    return null;
  }
}
