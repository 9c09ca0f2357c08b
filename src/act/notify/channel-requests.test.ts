import { describe, expect, test } from 'vitest';
import type { Channel, Message } from '../../model/notification.ts';
import { requestOf } from './channel-requests.ts';

const channel = { url: 'https://hooks.example/1', key: '${env:KEY}' } as Channel;
const message: Message = {
  key: 'notice_1',
  about: 'incident incident_1',
  action: 'trigger',
  severity: 'critical',
  title: 'Disk of host/web-1 <full> & hot',
  lines: ['First line', 'Second ${env:KEY}'],
  links: [{ text: 'Open', href: 'https://vigia.example/incidents/incident_1' }],
  entity: 'host/web-1',
  notices: [{ kind: 'page', incident: 'incident_1', run: null }],
  time: Date.UTC(2026, 0, 2, 3, 4, 5),
};
const of = (kind: Exclude<Channel['kind'], 'email'>, over: Partial<Message> = {}, url: string | null = channel.url) =>
  requestOf({ ...channel, kind, url }, { ...message, ...over }) as {
    readonly url: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly sign?: string;
    readonly body: Readonly<Record<string, unknown>>;
  };

describe('what is sent', () => {
  test('to Slack cannot be read as its markup, and has a short text for the notification itself', () => {
    const { url, body } = of('slack');
    expect(url).toBe('https://hooks.example/1');
    expect(body['text']).toBe('🔴 Disk of host/web-1 &lt;full&gt; &amp; hot');
    expect(JSON.stringify(body)).toContain('<https://vigia.example/incidents/incident_1|Open>');
  });

  test('to Slack and Teams stays within what they take', () => {
    const long = { title: 'x'.repeat(5000), lines: ['y'.repeat(20_000)] };
    const blocks = of('slack', long).body['blocks'] as readonly { readonly text: { readonly text: string } }[];
    expect(Math.max(...blocks.map(({ text }) => text.text.length))).toBeLessThanOrEqual(3000);
    expect(JSON.stringify(of('teams', long).body).length).toBeLessThan(28_000);
  });

  test('to Teams is an adaptive card with a button', () => {
    const [attachment] = of('teams').body['attachments'] as readonly { readonly content: Record<string, unknown> }[];
    expect(attachment?.content).toMatchObject({
      type: 'AdaptiveCard',
      actions: [{ type: 'Action.OpenUrl', title: 'Open', url: message.links[0]?.href }],
    });
  });

  test('to PagerDuty opens and resolves one alert under one key', () => {
    const opened = of('pagerduty', {}, null);
    expect(opened.url).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(opened.body).toMatchObject({
      routing_key: '${env:KEY}',
      event_action: 'trigger',
      dedup_key: 'incident incident_1',
      payload: { severity: 'critical', source: 'host/web-1', timestamp: '2026-01-02T03:04:05.000Z' },
    });
    const resolved = of('pagerduty', { action: 'resolve' }).body;
    expect(resolved).toMatchObject({ event_action: 'resolve', dedup_key: 'incident incident_1' });
  });

  test('to Opsgenie likewise, by an alias', () => {
    const opened = of('opsgenie', { title: 'z'.repeat(200) }, null);
    expect(opened.url).toBe('https://api.opsgenie.com/v2/alerts');
    expect(opened.headers).toEqual({ Authorization: 'GenieKey ${env:KEY}' });
    expect(opened.body).toMatchObject({ alias: 'incident incident_1', priority: 'P1' });
    expect(String(opened.body['message'])).toHaveLength(130);
    expect(of('opsgenie', { action: 'resolve' }, 'https://api.eu.opsgenie.com/').url).toBe(
      'https://api.eu.opsgenie.com/v2/alerts/incident%20incident_1/close?identifierType=alias',
    );
  });

  test('to anybody else is everything there is, signed', () => {
    const { body, sign } = of('webhook');
    expect(sign).toBe('${env:KEY}');
    expect(body).toMatchObject({ key: 'notice_1', severity: 'critical', notices: message.notices });
  });

  test.each(['slack', 'teams', 'pagerduty', 'opsgenie', 'webhook'] as const)(
    'to %s never makes a reference to a secret out of a name',
    (kind) => {
      const { routing_key: _key, ...body } = of(kind).body;
      expect(JSON.stringify(body)).not.toContain('${env');
    },
  );
});
