import type { Severity } from '../../model/anomaly.ts';
import type { Channel, Message } from '../../model/notification.ts';
import type { Run } from '../../model/action.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Language } from '../../text/language.ts';
import { createText, type Words } from '../../text/text.ts';
import type { Notice } from './notices.ts';
import { actionsLink, approvalLink, entityLink, incidentLink } from './page-links.ts';

export interface ComposeDeps {
  /** Where people reach the dashboard. */
  readonly base: string;
  readonly language: () => Language;
  /** A signed link to approve a run with this channel's role; null where the channel carries none. */
  readonly token: (run: Run, channel: Channel) => string | null;
  /** Unix ms. */
  readonly now: () => number;
}

/** One notice in words. */
interface Told {
  readonly title: string;
  readonly lines: readonly string[];
  readonly links: Message['links'];
  readonly entity: string | null;
  readonly about: string;
}

/** More than this is not read on a telephone; the rest is counted. */
const MOST_TOLD = 10;
const ORDER: readonly Severity[] = ['critical', 'warning', 'info'];
const text = createText();

function tellIncident(notice: Notice, words: Words, base: string): Told {
  const { incident, kind } = notice;
  if (incident === null) throw new TypeError(`a notice of kind ${kind} without an incident`);
  const title = words.phrase(incident.title);
  const others = incident.entities.length - 1;
  const open = { text: words.say('notify.open'), href: incidentLink(base, incident.id) };
  const about = `incident ${incident.id}`;
  if (kind === 'resolved')
    return { title: words.say('notify.resolved', { title }), lines: [], links: [open], entity: incident.root, about };
  const lines = [
    words.phrase(incident.rootReason),
    ...(others > 0 ? [words.say('notify.others', { count: others, entity: incident.root })] : []),
    words.say('notify.since', { at: incident.openedAt }),
  ];
  return { title, lines, links: [open], entity: incident.root, about };
}

function tellApproval(notice: Notice, channel: Channel, words: Words, { base, token }: ComposeDeps): Told {
  if (notice.run === null) throw new TypeError('an approval without a run');
  const { run, action } = notice.run;
  const title = action?.title[words.language] ?? run.action;
  const signed = token(run, channel);
  const approve = { text: words.say('notify.decide'), href: signed === null ? '' : approvalLink(base, signed) };
  const where =
    run.incident === null
      ? { text: words.say('notify.open'), href: actionsLink(base) }
      : { text: words.say('notify.why'), href: incidentLink(base, run.incident) };
  const lines = [
    ...run.plan.slice(0, MOST_TOLD),
    ...(action === null || action.disruption === 'none' ? [] : [words.say(`notify.disruption_${action.disruption}`)]),
    ...(run.expiresAt === null ? [] : [words.say('notify.expires', { at: run.expiresAt })]),
  ];
  return {
    title: words.say('notify.approval', { title, entity: run.entity }),
    lines,
    links: [...(signed === null ? [] : [approve]), where],
    entity: run.entity,
    about: `run ${run.id}`,
  };
}

function tellEscalation({ event }: Notice, words: Words, base: string): Told {
  if (event === null) throw new TypeError('an escalation without its event');
  const incident = event.labels['incident'];
  const href = incident === undefined ? entityLink(base, event.entity) : incidentLink(base, incident);
  return {
    title: words.say('notify.escalation', { entity: event.entity }),
    lines: [event.text],
    links: [{ text: words.say('notify.open'), href }],
    entity: event.entity,
    about: incident === undefined ? `event ${event.id}` : `incident ${incident}`,
  };
}

function tell(notice: Notice, channel: Channel, words: Words, deps: ComposeDeps): Told {
  switch (notice.kind) {
    case 'page':
    case 'warning':
    case 'resolved':
      return tellIncident(notice, words, deps.base);
    case 'approval':
      return tellApproval(notice, channel, words, deps);
    case 'escalation':
      return tellEscalation(notice, words, deps.base);
    default:
      return notice.kind satisfies never;
  }
}

const bySeverity = (a: Notice, b: Notice): number =>
  ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || a.time - b.time || (a.key < b.key ? -1 : 1);

/**
 * What a channel is told of one notice or of several at once, worst first. The key is made of what is told, so that a repeat
 * after a failure, or by another process, is known as one.
 */
export function compose(notices: readonly Notice[], channel: Channel, deps: ComposeDeps): Message {
  const words = text(channel.language ?? deps.language());
  const sorted = notices.toSorted(bySeverity);
  const [first] = sorted;
  if (first === undefined) throw new RangeError('nothing to tell');
  const told = sorted.slice(0, MOST_TOLD).map((notice) => tell(notice, channel, words, deps));
  const key = stableId('notice', channel.name, ...sorted.map((notice) => notice.key));
  const common = {
    key,
    action: sorted.every(({ kind }) => kind === 'resolved') ? ('resolve' as const) : ('trigger' as const),
    severity: first.severity,
    notices: sorted.map(({ kind, incident, run }) => ({
      kind,
      incident: incident?.id ?? run?.run.incident ?? null,
      run: run?.run.id ?? null,
    })),
    time: deps.now(),
  };
  const [only] = told;
  if (sorted.length === 1 && only !== undefined) return { ...common, ...only };
  const left = sorted.length - told.length;
  return {
    ...common,
    about: key,
    title: words.say('notify.several', { count: sorted.length, title: only?.title ?? '' }),
    lines: [
      ...told.flatMap(({ title, lines }) => [`• ${title}`, ...lines.map((line) => `  ${line}`)]),
      ...(left > 0 ? [words.say('notify.more', { count: left })] : []),
    ],
    links: told.flatMap(({ title, links }) =>
      links.slice(0, 1).map(({ href, text: label }) => ({ text: `${label}: ${title}`, href })),
    ),
    entity: only?.entity ?? null,
  };
}
