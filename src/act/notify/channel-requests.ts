import type { Severity } from '../../model/anomaly.ts';
import type { Channel, Message } from '../../model/notification.ts';

/** Arguments of the webhook executor. */
type WebhookArgs = Readonly<Record<string, unknown>>;
type Format = (channel: Channel, message: Message) => WebhookArgs;

/** Longest texts that the services take, after their references; what is longer is cut. */
const LONGEST = { slack: 2900, teams: 5000, pagerduty: 1024, opsgenieTitle: 130, opsgenie: 15_000, key: 255 } as const;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/**
 * Texts hold names that anybody who sends metrics may choose: none of them may look like a reference to a secret, which the
 * sender would put in its place.
 */
const harmless = (text: string): string => text.replaceAll('${', '$\u200B{');

export const harmlessMessage = (message: Message): Message => ({
  ...message,
  title: harmless(message.title),
  lines: message.lines.map(harmless),
  entity: message.entity === null ? null : harmless(message.entity),
});

/** Slack reads these three characters as its own (docs.slack.dev, formatting message text). */
const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const SHAPE: Readonly<Record<Severity, string>> = { critical: '🔴', warning: '🟠', info: '🔵' };
const headline = ({ action, severity, title }: Message): string =>
  `${action === 'resolve' ? '✅' : SHAPE[severity]} ${title}`;

/** Slack, incoming webhooks: the address is the secret. */
const slack: Format = ({ url }, message) => {
  const links = message.links.map(({ text, href }) => `<${href}|${slackText(text)}>`).join('   ');
  const body = cut(message.lines.map(slackText).join('\n'), LONGEST.slack - links.length);
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const texts = [`*${cut(slackText(headline(message)), LONGEST.slack)}*`, body, links];
  return {
    url,
    body: { text: cut(slackText(headline(message)), LONGEST.slack), blocks: texts.filter(Boolean).map(section) },
  };
};

/** Microsoft Teams, a workflow that takes webhooks: an adaptive card (adaptivecards.io, schema 1.4). */
const teams: Format = ({ url }, message) => {
  const block = (text: string, over: object = {}) => ({ type: 'TextBlock', wrap: true, text, ...over });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(headline(message), { weight: 'Bolder', size: 'Medium' }),
      ...message.lines.map((line) => block(cut(line, LONGEST.teams))),
    ],
    actions: message.links.map(({ text, href }) => ({ type: 'Action.OpenUrl', title: text, url: href })),
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { url, body: { type: 'message', attachments: [attachment] } };
};

/** PagerDuty, Events API v2; the same key opens and resolves one alert there, however often it is sent. */
const pagerduty: Format = ({ url, key }, message) => ({
  url: url ?? 'https://events.pagerduty.com/v2/enqueue',
  body: {
    routing_key: key,
    event_action: message.action,
    dedup_key: cut(message.about, LONGEST.key),
    client: 'Vigía',
    payload: {
      summary: cut(message.title, LONGEST.pagerduty),
      source: message.entity ?? 'vigia',
      severity: message.severity,
      timestamp: new Date(message.time).toISOString(),
      custom_details: { text: message.lines.join('\n') },
    },
    links: message.links,
  },
});

const PRIORITY: Readonly<Record<Severity, string>> = { critical: 'P1', warning: 'P3', info: 'P5' };

/** Opsgenie, Alert API v2; an alias names one alert. */
const opsgenie: Format = ({ url, key }, message) => {
  const base = (url ?? 'https://api.opsgenie.com').replace(/\/$/, '');
  const alias = cut(message.about, LONGEST.key);
  const headers = { Authorization: `GenieKey ${key}` };
  const links = message.links.map(({ text, href }) => `${text}: ${href}`);
  const description = cut([...message.lines, ...links].join('\n'), LONGEST.opsgenie);
  if (message.action === 'resolve') {
    const path = `/v2/alerts/${encodeURIComponent(alias)}/close?identifierType=alias`;
    return { url: `${base}${path}`, headers, body: { source: 'Vigía', note: description } };
  }
  return {
    url: `${base}/v2/alerts`,
    headers,
    body: {
      message: cut(message.title, LONGEST.opsgenieTitle),
      alias,
      description,
      priority: PRIORITY[message.severity],
      source: 'Vigía',
      entity: message.entity ?? '',
    },
  };
};

/** Anybody else: everything there is, as JSON, signed where there is a key. */
const webhook: Format = ({ url, key }, message) => ({
  url,
  ...(key !== null && { sign: key }),
  body: {
    version: 1,
    key: message.key,
    about: message.about,
    action: message.action,
    severity: message.severity,
    title: message.title,
    text: message.lines.join('\n'),
    entity: message.entity,
    links: message.links,
    notices: message.notices,
    time: new Date(message.time).toISOString(),
  },
});

const FORMATS: Readonly<Record<Exclude<Channel['kind'], 'email'>, Format>> = {
  slack,
  teams,
  pagerduty,
  opsgenie,
  webhook,
};

/** What is sent to a channel over HTTP, with references to secrets still in it. */
export const requestOf = (channel: Channel & { readonly kind: keyof typeof FORMATS }, message: Message): WebhookArgs =>
  FORMATS[channel.kind](channel, harmlessMessage(message));
