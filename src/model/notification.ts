import type { ApproverRole } from './action-definition.ts';
import type { Severity } from './anomaly.ts';

/** Services that messages to people go to. */
export const CHANNEL_KINDS = ['slack', 'teams', 'pagerduty', 'opsgenie', 'email', 'webhook'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** What people may be told of. */
export const NOTICE_KINDS = ['page', 'warning', 'resolved', 'approval', 'escalation'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** A mail server, and from whom to whom. Texts may hold references to secrets. */
export interface MailRoute {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  /** Refuses to send anything without TLS; false for a relay on this machine. */
  readonly tls: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: string;
  readonly to: readonly string[];
}

/** One way to people, as the configuration gives it. */
export interface Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly language: 'en' | 'es' | null;
  readonly tell: readonly NoticeKind[];
  /** Role that links to approvals carry; null sends none. */
  readonly approve: ApproverRole | null;
  /** How long the first message waits for others to go with it. */
  readonly groupMs: number;
  /** At most so many messages; what comes beyond waits and goes together. */
  readonly rate: { readonly count: number; readonly windowMs: number };
  /** Address; a reference where it is a secret in itself. Null means the service's own. */
  readonly url: string | null;
  /** Reference to the key of the service, or that a webhook is signed with. */
  readonly key: string | null;
  readonly mail: MailRoute | null;
}

/** One message in words, ready for any channel. */
export interface Message {
  /** Of this message: a repeat with the same key is the same message. */
  readonly key: string;
  /** What a message and the one that takes it back have in common. */
  readonly about: string;
  readonly action: 'trigger' | 'resolve';
  readonly severity: Severity;
  readonly title: string;
  readonly lines: readonly string[];
  readonly links: readonly { readonly text: string; readonly href: string }[];
  readonly entity: string | null;
  /** For programs: what each part of it is about. */
  readonly notices: readonly { readonly kind: string; readonly incident: string | null; readonly run: string | null }[];
  /** Unix ms. */
  readonly time: number;
}
