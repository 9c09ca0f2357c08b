import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { ExecutionResult } from '../../model/executor.ts';
import type { Channel, MailRoute, Message } from '../../model/notification.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { lastPart } from '../executors/output-tail.ts';
import { createSecrets, type RevealSecret, type Secrets } from '../executors/secrets.ts';
import { harmlessMessage } from './channel-requests.ts';

const CONNECT_MS = 10_000;

const failed = (code: string, values: Record<string, string | number>, output = ''): ExecutionResult => ({
  status: 'failed',
  exitCode: null,
  output,
  error: { code, values },
});

/** The same message has the same name, by which mail programs know a repeat (RFC 5322, 3.6.4). */
const nameOf = (key: string, from: string): string => {
  const host = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? 'vigia.invalid';
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${host}>`;
};

const transportOf = (route: MailRoute, secrets: Secrets) =>
  createTransport({
    host: route.host,
    port: route.port,
    secure: route.secure,
    requireTLS: route.tls && !route.secure,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: CONNECT_MS,
    // Nothing of what is sent comes from a file or another server.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(route.user !== null && {
      auth: { user: secrets.reveal(route.user), pass: secrets.reveal(route.password ?? '') },
    }),
  });

const mailOf = (channel: Channel, route: MailRoute, message: Message) => {
  const links = message.links.map(({ text, href }) => `${text}: ${href}`);
  return {
    from: route.from,
    to: [...route.to],
    subject: message.title,
    text: [...message.lines, '', ...links].join('\n'),
    messageId: nameOf(`${channel.name} ${message.key}`, route.from),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Vigia-Key': message.key },
    ...(message.severity === 'critical' && message.action === 'trigger' && { priority: 'high' as const }),
  };
};

/** Why the server did not take it, in its own words where it has said any. */
function failureOf(thrown: unknown, target: string, secrets: Secrets): ExecutionResult {
  const error = toError(thrown) as Error & { readonly code?: string; readonly responseCode?: number };
  const detail = lastPart(secrets.redact(error.message));
  if (error.responseCode !== undefined)
    return failed('EXECUTOR_REFUSED', { target, status: error.responseCode }, detail);
  return failed('EXECUTOR_UNREACHABLE', { target, detail });
}

/** Sends one message by mail. Never throws for what the server does; a second call with the same key sends it again. */
export async function sendMail(
  { channel, message, timeoutMs }: { readonly channel: Channel; readonly message: Message; readonly timeoutMs: number },
  { clock, secret, signal }: { readonly clock: Clock; readonly secret: RevealSecret; readonly signal: AbortSignal },
): Promise<ExecutionResult> {
  const secrets = createSecrets(secret);
  const { mail: route } = channel;
  if (route === null) return failed('EXECUTOR_UNSTARTABLE', { command: channel.name, detail: 'smtp' });
  if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
  const target = `${route.host}:${route.port}`;
  const done = new AbortController();
  const end = clock
    .sleep(timeoutMs, AbortSignal.any([signal, done.signal]))
    .then(() => failed('EXECUTOR_UNFINISHED', { target, seconds: timeoutMs / 1000 }))
    .catch(() => failed('EXECUTOR_STOPPED', {}));
  try {
    const transport = transportOf(route, secrets);
    const abort = new AbortController();
    const sent = transport
      .sendMail({ ...mailOf(channel, route, harmlessMessage(message)), signal: abort.signal })
      .then(({ response, accepted }): ExecutionResult => {
        const output = lastPart(secrets.redact(`${response}\n${accepted.join(', ')}`));
        return { status: 'succeeded', exitCode: null, output, error: null };
      })
      .catch((thrown: unknown) => failureOf(thrown, target, secrets));
    const first = await Promise.race([sent, end]);
    abort.abort();
    await sent;
    transport.close();
    return first;
  } catch (thrown) {
    return failed('EXECUTOR_UNREACHABLE', { target, detail: secrets.redact(toError(thrown).message) });
  } finally {
    done.abort();
    await end;
  }
}
