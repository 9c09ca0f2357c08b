import type { Severity } from '../../model/anomaly.ts';
import type { ExecutionRequest, ExecutionResult, Executor } from '../../model/executor.ts';
import type { Channel, Message } from '../../model/notification.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Language } from '../../text/language.ts';
import { createText } from '../../text/text.ts';
import type { ChannelGate } from '../notify/channel-gate.ts';
import type { Deliver } from '../notify/deliver.ts';
import { entityLink } from '../notify/page-links.ts';

export interface NotifyExecutorDeps {
  readonly clock: Clock;
  readonly channels: readonly Channel[];
  readonly gate: ChannelGate;
  readonly deliver: Deliver;
  /** In which messages are written where the channel has no language of its own. */
  readonly language: () => Language;
  /** Where people reach the dashboard. */
  readonly base: string;
}

const failed = (code: string, values: Record<string, string | number>): ExecutionResult => ({
  status: 'failed',
  exitCode: null,
  output: '',
  error: { code, values },
});

const SEVERITIES: readonly unknown[] = ['info', 'warning', 'critical'] satisfies readonly Severity[];

/** One text for everybody, or one a language. */
function textIn(value: unknown, language: Language): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return null;
  const text = (value as Readonly<Record<string, unknown>>)[language];
  return typeof text === 'string' ? text : null;
}

/**
 * Tells people: `args.channel` (a name under `notify.channels`), `args.title`, `args.text` (each one text, or `en` and `es`),
 * `args.severity`, and `args.about`, by which services know that messages belong together. Within the channel's rate.
 */
export function createNotifyExecutor(deps: NotifyExecutorDeps): Executor {
  const { clock, channels, gate, deliver, language, base } = deps;
  const text = createText();
  const channelOf = ({ args }: ExecutionRequest) => channels.find(({ name }) => name === args['channel']);
  const messageOf = (request: ExecutionRequest, channel: Channel | undefined): Message => {
    const { args, entity, key } = request;
    const words = text(channel?.language ?? language());
    const body = textIn(args['text'], words.language);
    const severity = SEVERITIES.includes(args['severity']) ? (args['severity'] as Severity) : 'warning';
    return {
      key,
      about: typeof args['about'] === 'string' ? args['about'] : key,
      action: 'trigger',
      severity,
      title: textIn(args['title'], words.language) ?? words.say('notify.look', { entity }),
      lines: body === null ? [] : body.split('\n'),
      links: [{ text: words.say('notify.open'), href: entityLink(base, entity) }],
      entity,
      notices: [{ kind: 'action', incident: null, run: key }],
      time: clock.now(),
    };
  };
  return {
    kind: 'notify',
    plan(request) {
      const channel = channelOf(request);
      const { title, lines } = messageOf(request, channel);
      return [`${channel?.kind ?? 'unknown'} ${String(request.args['channel'])}`, title, ...lines];
    },
    async execute(request, signal) {
      const channel = channelOf(request);
      if (signal.aborted) return failed('EXECUTOR_STOPPED', {});
      if (channel === undefined) return failed('EXECUTOR_MISSING', { command: String(request.args['channel']) });
      if (!gate.take(channel)) {
        const { count, windowMs } = channel.rate;
        return failed('EXECUTOR_LIMITED', { target: channel.name, count, seconds: windowMs / 1000 });
      }
      return deliver({ channel, message: messageOf(request, channel), timeoutMs: request.timeoutMs, signal });
    },
  };
}
