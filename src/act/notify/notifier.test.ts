import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ActionDefinition } from '../../model/action-definition.ts';
import type { Run } from '../../model/action.ts';
import type { Incident } from '../../model/incident.ts';
import { type Channel, NOTICE_KINDS } from '../../model/notification.ts';
import { phrase } from '../../model/phrase.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { readLink } from '../approval-links.ts';
import { createTelling } from './create-telling.ts';
import type { Notifier } from './notifier.ts';

const MINUTE = 60_000;
const REOPEN = 30 * MINUTE;
const KEY = Buffer.from('a key of links');
let now = 1_800_000_000_000;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };

let store: Store;
let server: Server;
let base = '';
let answers: number[] = [];
let seen: { readonly path: string; readonly key: string; readonly body: Record<string, unknown> }[] = [];

let startedAt = 0;

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      seen.push({ path: request.url ?? '', key, body });
      response.writeHead(answers.shift() ?? 200).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
});
beforeEach(() => {
  // Tests share a store: what one of them left is too old for the next.
  now += 27 * 60 * MINUTE;
  startedAt = now;
  seen = [];
  answers = [];
});

const channel = (over: Partial<Channel> = {}): Channel => ({
  name: 'ops',
  kind: 'webhook',
  language: null,
  tell: NOTICE_KINDS,
  approve: null,
  groupMs: 0,
  rate: { count: 100, windowMs: 60 * MINUTE },
  url: `${base}/ops`,
  key: null,
  mail: null,
  ...over,
});

const ACTION = { id: 'clean', title: { en: 'Clean up', es: 'Limpiar' }, disruption: 'low' } as ActionDefinition;

async function open(channels: readonly Channel[], mine: () => boolean = () => true): Promise<Notifier> {
  const { notifier } = createTelling({
    store,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    duties: { mine: async () => mine() },
    reopenMs: REOPEN,
    secret: (reference) => (reference === '${env:MAIL}' ? 'letmein' : null),
    actions: [ACTION],
    channels,
    language: () => 'en',
    base: 'https://vigia.example',
    linkKey: KEY,
  });
  await notifier.tick();
  await notifier.idle();
  now += 1000;
  return notifier;
}

async function round(notifier: Notifier, ms = 1000): Promise<void> {
  now += ms;
  await notifier.tick();
  await notifier.idle();
}

let serial = 0;
async function incident(over: Partial<Incident> = {}, line: 'pages' | 'warnings' = 'pages'): Promise<Incident> {
  const id = `incident_${++serial}`;
  const made: Incident = {
    id,
    fleet: 'default',
    state: 'open',
    severity: line === 'pages' ? 'critical' : 'warning',
    title: phrase('no.such.key'),
    openedAt: now,
    updatedAt: now,
    resolvedAt: null,
    reopened: 0,
    root: 'host/web-1',
    rootReason: phrase('no.such.reason'),
    entities: ['host/web-1'],
    anomalyKinds: [],
    features: [],
    anomalies: [],
    predictions: [],
    pagedAt: now,
    timeline: [],
    ...over,
  };
  await store.incidents.upsert([made]);
  await store.alerts.reserve({ incident: id, line, pot: 'fleet', time: now, count: 100, windowMs: 24 * 60 * MINUTE });
  return made;
}

const waiting = async (over: Partial<Run> = {}): Promise<Run> => {
  const run = {
    id: `run_${++serial}`,
    incident: null,
    recommendation: null,
    fleet: 'default',
    action: 'clean',
    entity: 'host/web-1',
    dryRun: false,
    state: 'awaiting_approval',
    plan: ['rm -r /data/junk'],
    decision: [],
    requestedBy: 'vigia',
    requestedAt: now,
    expiresAt: now + 10 * MINUTE,
    decidedBy: null,
    decidedAt: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    output: '',
    error: null,
    ...over,
  } as const satisfies Run;
  await store.runs.insert(run);
  return run;
};

const audited = async () =>
  (await store.audit.list({ limit: 100, cursor: null })).items.filter(({ time }) => time >= startedAt);
const verbs = async (): Promise<readonly string[]> => (await audited()).map(({ verb }) => verb);

describe('a page', () => {
  test('reaches people once, with what it is about and where to look', async () => {
    const notifier = await open([channel()]);
    const { id } = await incident();
    await round(notifier);
    await round(notifier);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.body).toMatchObject({
      action: 'trigger',
      severity: 'critical',
      entity: 'host/web-1',
      notices: [{ kind: 'page', incident: id }],
      links: [{ href: `https://vigia.example/incidents/${id}` }],
    });
    expect(await verbs()).toEqual(['notify.tell']);
  });

  test('is neither repeated nor forgotten over a restart', async () => {
    const first = await open([channel()]);
    await incident();
    await round(first);
    await first.stop();
    const { id } = await incident();
    now += 20 * MINUTE;
    await open([channel()]);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.body['notices']).toMatchObject([{ incident: id }]);
  });

  test('from before there was a channel is old news', async () => {
    await incident();
    now += 1000;
    const notifier = await open([channel({ name: 'new' })]);
    await round(notifier);
    expect(seen).toEqual([]);
  });

  test('goes only to channels that want it, each in its language', async () => {
    const spanish = channel({ name: 'es', url: `${base}/es`, language: 'es' });
    const approvals = channel({ name: 'no', url: `${base}/no`, tell: ['approval'] });
    const notifier = await open([channel(), spanish, approvals]);
    await incident();
    await round(notifier);
    expect(seen.map(({ path }) => path).sort()).toEqual(['/es', '/ops']);
    expect(JSON.stringify(seen.find(({ path }) => path === '/es')?.body)).toContain('Abrir en Vigía');
  });

  test('is taken back when the incident is over for good, and not before it can no longer be opened again', async () => {
    const notifier = await open([channel({ kind: 'pagerduty', key: '${env:MAIL}' })]);
    const made = await incident();
    await round(notifier);
    await store.incidents.upsert([{ ...made, state: 'resolved', resolvedAt: now, updatedAt: now }]);
    await round(notifier);
    expect(seen).toHaveLength(1);
    await round(notifier, REOPEN);
    await round(notifier);
    expect(seen.map(({ body }) => [body['event_action'], body['dedup_key'], body['routing_key']])).toEqual([
      ['trigger', `incident ${made.id}`, 'letmein'],
      ['resolve', `incident ${made.id}`, 'letmein'],
    ]);
  });
});

describe('a channel in trouble', () => {
  test('is tried again with the same key, after pauses that grow, and the failure is written down once', async () => {
    const notifier = await open([channel()]);
    answers = [500, 500, 500];
    await incident();
    await round(notifier);
    await round(notifier);
    expect(seen).toHaveLength(1);
    await round(notifier, MINUTE);
    await round(notifier, MINUTE);
    await round(notifier, MINUTE);
    await round(notifier, MINUTE);
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect((await verbs()).toSorted()).toEqual(['notify.fail', 'notify.tell']);
  });

  test('holds up no other', async () => {
    const dead = channel({ name: 'dead', url: 'http://127.0.0.1:1/' });
    const notifier = await open([dead, channel()]);
    await incident();
    await round(notifier);
    expect(seen.map(({ path }) => path)).toEqual(['/ops']);
  });

  test('is told nothing of what was over before it came back', async () => {
    const notifier = await open([channel()]);
    answers = [500];
    const made = await incident();
    await round(notifier);
    await store.incidents.upsert([{ ...made, state: 'resolved', resolvedAt: now, updatedAt: now }]);
    await round(notifier, MINUTE);
    await round(notifier, REOPEN + MINUTE);
    expect(seen).toHaveLength(1);
  });
});

describe('many at once', () => {
  test('go together, worst first, and are counted where they are too many', async () => {
    const notifier = await open([channel({ groupMs: 10_000 })]);
    await incident({}, 'warnings');
    await round(notifier);
    for (let i = 0; i < 14; i++) await incident();
    await round(notifier);
    expect(seen).toEqual([]);
    await round(notifier, 10_000);
    expect(seen).toHaveLength(1);
    const { body } = seen[0]!;
    expect(body['notices']).toHaveLength(15);
    expect((body['notices'] as readonly { readonly kind: string }[]).at(-1)?.kind).toBe('warning');
    expect(String(body['text'])).toMatch(/… and 5 more in Vigía\.$/);
  });

  test('beyond the rate wait, and then go together', async () => {
    const notifier = await open([channel({ rate: { count: 2, windowMs: 60 * MINUTE } })]);
    for (let i = 0; i < 5; i++) {
      await incident();
      await round(notifier);
    }
    expect(seen).toHaveLength(2);
    await notifier.stop();
    const again = await open([channel({ rate: { count: 2, windowMs: 60 * MINUTE } })]);
    expect(seen).toHaveLength(2);
    await round(again, 61 * MINUTE);
    expect(seen).toHaveLength(3);
    expect(seen[2]?.body['notices']).toHaveLength(3);
  });

  test('are told one by one where the service joins them itself', async () => {
    const notifier = await open([channel({ kind: 'opsgenie', key: '${env:MAIL}' })]);
    for (let i = 0; i < 3; i++) await incident();
    await round(notifier);
    expect(seen.map(({ body }) => body['alias'])).toHaveLength(3);
  });
});

describe('beside pages', () => {
  test('an approval brings what would be done and a signed link with the role of the channel', async () => {
    const notifier = await open([channel({ approve: 'operator' }), channel({ name: 'none', url: `${base}/none` })]);
    const run = await waiting();
    await round(notifier);
    await round(notifier);
    expect(seen).toHaveLength(2);
    const signed = seen.find(({ path }) => path === '/ops')!.body;
    expect(String(signed['title'])).toBe('Approval needed: Clean up on host/web-1');
    expect(String(signed['text'])).toContain('rm -r /data/junk');
    const href = (signed['links'] as readonly { readonly href: string }[])[0]?.href ?? '';
    expect(href).toMatch(/^https:\/\/vigia\.example\/approve#/);
    expect(readLink(href.split('#')[1] ?? '', KEY)).toEqual({
      run: run.id,
      role: 'operator',
      channel: 'ops',
      expiresAt: run.expiresAt,
    });
    expect(JSON.stringify(seen.find(({ path }) => path === '/none')?.body)).not.toContain('approve#');
  });

  test('an approval that waits is told however new the channel is, once, also when it waits for days', async () => {
    const run = await waiting({ expiresAt: now + 7 * 24 * 60 * MINUTE });
    now += MINUTE;
    const notifier = await open([channel({ name: 'newcomer' })]);
    for (let hour = 0; hour < 30; hour++) await round(notifier, 60 * MINUTE);
    expect(seen.map(({ body }) => body['title'])).toEqual(['Approval needed: Clean up on host/web-1']);
    await store.runs.transition({ ...run, state: 'expired' }, ['awaiting_approval']);
  });

  test('an approval that nobody needs any more is not asked for', async () => {
    const notifier = await open([channel({ groupMs: 10_000 })]);
    const run = await waiting();
    await round(notifier);
    await store.runs.transition({ ...run, state: 'rejected' }, ['awaiting_approval']);
    await round(notifier, 20_000);
    expect(seen).toEqual([]);
  });

  test('an escalation calls a person, also among many other events', async () => {
    const notifier = await open([channel()]);
    const event = (id: string, name: string, source: string) => ({
      id,
      time: now,
      entity: 'host/web-1',
      fleet: 'default',
      name,
      source,
      severity: 'warning' as const,
      text: 'Nothing else may be tried.',
      labels: { incident: 'incident_x' },
    });
    await store.events.append([event('e0', 'escalation', 'vigia'), event('e1', 'escalation', 'somebody')]);
    await store.events.append(Array.from({ length: 450 }, (_, i) => event(`d${i}`, 'deploy', 'ci')));
    await round(notifier);
    await round(notifier);
    expect(seen.map(({ body }) => body['text'])).toEqual(['Nothing else may be tried.']);
  });
});

test('only whoever has the duty tells, and whoever takes it over knows what was told', async () => {
  let holder = 1;
  const one = await open([channel()], () => holder === 1);
  const two = await open([channel()], () => holder === 2);
  await incident();
  await round(one);
  await round(two);
  expect(seen).toHaveLength(1);
  holder = 2;
  await incident();
  await round(one);
  await round(two);
  expect(seen).toHaveLength(2);
});

test('a clock that is set back repeats nothing and forgets nothing', async () => {
  const notifier = await open([channel()]);
  await incident();
  await round(notifier);
  now -= 3 * 60 * MINUTE;
  await round(notifier);
  expect(seen).toHaveLength(1);
  now += 3 * 60 * MINUTE;
  await incident();
  await round(notifier);
  expect(seen).toHaveLength(2);
});

describe('by mail', () => {
  const mails: { readonly from: string; readonly to: readonly string[]; readonly text: string }[] = [];
  let mailServer: SMTPServer;
  let port = 0;
  let busy = 0;
  beforeAll(async () => {
    mailServer = new SMTPServer({
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onAuth: ({ username, password }, _session, done) =>
        username === 'vigia' && password === 'letmein' ? done(null, { user: 'vigia' }) : done(new Error('no')),
      onMailFrom: (_address, _session, done) =>
        busy-- > 0 ? done(Object.assign(new Error('busy'), { responseCode: 451 })) : done(),
      onData: (stream, { envelope }, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          mails.push({
            from,
            to: envelope.rcptTo.map(({ address }) => address),
            text: Buffer.concat(chunks).toString(),
          });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', () => resolve()));
    port = (mailServer.server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise<void>((resolve) => mailServer.close(() => resolve())));

  const mailChannel = (password = '${env:MAIL}', tls = false): Channel =>
    channel({
      kind: 'email',
      url: null,
      language: 'es',
      mail: {
        host: '127.0.0.1',
        port,
        secure: false,
        tls,
        user: 'vigia',
        password,
        from: 'Vigía <vigia@example.org>',
        to: ['ana@example.org', 'luis@example.org'],
      },
    });

  test('the same page has the same message id, and a busy server is asked again', async () => {
    mails.length = 0;
    busy = 1;
    const notifier = await open([mailChannel()]);
    const { id } = await incident();
    await round(notifier);
    expect(mails).toHaveLength(1);
    const [mail] = mails;
    expect(mail).toMatchObject({ from: 'vigia@example.org', to: ['ana@example.org', 'luis@example.org'] });
    expect(mail?.text).toMatch(/^Message-ID: <[0-9a-f]{32}@example\.org>/im);
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated/im);
    expect(mail?.text.replaceAll('=\r\n', '')).toContain(`/incidents/${id}`);
  });

  test('a wrong password and a server without TLS are failures that say so, without the password', async () => {
    mails.length = 0;
    for (const wrong of [mailChannel('${env:NONE}'), mailChannel('${env:MAIL}', true)]) {
      const notifier = await open([{ ...wrong, name: `mail-${++serial}` }]);
      await incident();
      await round(notifier);
    }
    expect(mails).toEqual([]);
    const entries = await audited();
    expect(entries.map(({ verb }) => verb)).toEqual(['notify.fail', 'notify.fail']);
    expect(JSON.stringify(entries)).not.toContain('letmein');
  });
});
