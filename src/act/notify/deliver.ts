import type { ExecutionResult } from '../../model/executor.ts';
import type { Channel, Message } from '../../model/notification.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RevealSecret } from '../executors/secrets.ts';
import { createWebhookExecutor } from '../executors/webhook-executor.ts';
import { requestOf } from './channel-requests.ts';
import { sendMail } from './send-mail.ts';

/** One message on its way to one channel. */
export interface Sending {
  readonly channel: Channel;
  readonly message: Message;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Carries a message to a channel. Never throws for what is at the other end; the result says how it went. */
export type Deliver = (sending: Sending) => Promise<ExecutionResult>;

export interface DeliverDeps {
  readonly clock: Clock;
  readonly secret: RevealSecret;
}

/** A mail server that is busy says so with these (RFC 5321, 4.2.1), and has taken nothing. */
const BUSY: ReadonlySet<number> = new Set([421, 450, 451, 452]);
const MAIL_RETRIES = 2;
const FIRST_PAUSE_MS = 500;

const isBusy = ({ error }: ExecutionResult): boolean =>
  BUSY.has(Number(error?.values['status'])) ||
  (error?.code === 'EXECUTOR_UNREACHABLE' && String(error.values['detail']).includes('ECONNREFUSED'));

/**
 * How messages reach people. Over HTTP by the webhook executor, with its idempotency key, its retries where nothing was
 * done for sure, and its care for secrets; by mail with the same retries.
 */
export function createDeliver({ clock, secret }: DeliverDeps): Deliver {
  const http = createWebhookExecutor({ clock, secret });
  const mail = async ({ channel, message, timeoutMs, signal }: Sending): Promise<ExecutionResult> => {
    for (let tries = 0; ; tries++) {
      const result = await sendMail({ channel, message, timeoutMs }, { clock, secret, signal });
      if (tries >= MAIL_RETRIES || !isBusy(result)) return result;
      await clock.sleep(FIRST_PAUSE_MS * 2 ** tries, signal).catch(() => undefined);
    }
  };
  return async (sending) => {
    const { channel, message, timeoutMs, signal } = sending;
    const { kind } = channel;
    if (kind === 'email') return mail(sending);
    const args = requestOf({ ...channel, kind }, message);
    return http.execute({ key: message.key, entity: message.entity ?? 'vigia/vigia', args, timeoutMs }, signal);
  };
}
