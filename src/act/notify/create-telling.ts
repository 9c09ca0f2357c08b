import type { ActionDefinition, ApproverRole } from '../../model/action-definition.ts';
import type { Run } from '../../model/action.ts';
import type { Executor } from '../../model/executor.ts';
import type { Channel } from '../../model/notification.ts';
import type { Language } from '../../text/language.ts';
import { signLink } from '../approval-links.ts';
import { createNotifyExecutor } from '../executors/notify-executor.ts';
import type { RevealSecret } from '../executors/secrets.ts';
import { ChannelGate } from './channel-gate.ts';
import { createDeliver } from './deliver.ts';
import { createNotifier, type Notifier, type NotifierDeps } from './notifier.ts';

export interface TellingDeps extends Pick<NotifierDeps, 'store' | 'clock' | 'log' | 'metrics' | 'duties' | 'reopenMs'> {
  readonly secret: RevealSecret;
  readonly actions: readonly ActionDefinition[];
  readonly channels: readonly Channel[];
  readonly language: () => Language;
  /** Where people reach the dashboard. */
  readonly base: string;
  /** Signs links to approvals; null sends none. */
  readonly linkKey: Uint8Array | null;
}

/** A link is worth something as long as its run waits; one that waits for ever has a link for a day. */
const LINK_MS = 24 * 3_600_000;

const linkTo = (key: Uint8Array, run: Run, { role, channel }: { role: ApproverRole; channel: string }): string =>
  signLink({ run: run.id, role, channel, expiresAt: run.expiresAt ?? run.requestedAt + LINK_MS }, key);

/** What tells people: the executor for actions of the catalogue, and the service for everything else. One rate for both. */
export function createTelling(deps: TellingDeps): { readonly executor: Executor; readonly notifier: Notifier } {
  const { clock, channels, language, base, linkKey } = deps;
  const gate = new ChannelGate(clock);
  const deliver = createDeliver(deps);
  const token = (run: Run, { name, approve }: Channel): string | null =>
    linkKey === null || approve === null ? null : linkTo(linkKey, run, { role: approve, channel: name });
  return {
    executor: createNotifyExecutor({ clock, channels, gate, deliver, language, base }),
    notifier: createNotifier({ ...deps, gate, deliver, composing: { base, language, token } }),
  };
}
