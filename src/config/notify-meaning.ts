import { saying } from './mistake.ts';
import { resolveReferences, type SecretSources } from './secrets.ts';
import { REFERENCE } from './units.ts';
import type { Path, Problem } from './validate.ts';
import { value, wrong } from './wrong.ts';

interface WrittenChannel {
  readonly name: string;
  readonly kind: string;
  readonly url?: string;
  readonly key?: string;
  readonly mail?: { readonly user?: string; readonly password?: string };
}

/** What is written of channels, and of the actions that use them. */
export interface WrittenNotify {
  readonly notify?: { readonly linkKey?: string; readonly channels?: readonly WrittenChannel[] };
  readonly actions?: readonly { readonly executor: string; readonly args?: Readonly<Record<string, unknown>> }[];
}

/** What each kind cannot do without. */
const NEEDED: Readonly<Record<string, readonly ('url' | 'key' | 'mail')[]>> = {
  slack: ['url'],
  teams: ['url'],
  pagerduty: ['key'],
  opsgenie: ['key'],
  email: ['mail'],
  webhook: ['url'],
};
/** Whose address lets anybody write there. */
const SECRET_ADDRESS: ReadonlySet<string> = new Set(['slack', 'teams']);

const isReference = (text: string): boolean => new RegExp(`^${REFERENCE.source}$`).test(text);

function secretProblems(text: string | undefined, path: Path, sources: SecretSources): readonly Problem[] {
  if (text === undefined) return [];
  if (!isReference(text)) return [wrong(path, saying('config.found_literal_secret'), saying('config.expects_secret'))];
  const looked = resolveReferences(text, sources);
  return 'found' in looked ? [wrong(path, looked.found, looked.expected)] : [];
}

function addressProblems({ kind, url }: WrittenChannel, path: Path, sources: SecretSources): readonly Problem[] {
  if (url === undefined) return [];
  if (SECRET_ADDRESS.has(kind)) return secretProblems(url, path, sources);
  const looked = resolveReferences(url, sources);
  if ('found' in looked) return [wrong(path, looked.found, looked.expected)];
  return /^https?:\/\/[^\s/]/.test(looked.text) ? [] : [wrong(path, value(url), saying('config.expects_url'))];
}

function channelProblems(channel: WrittenChannel, at: Path, sources: SecretSources): readonly Problem[] {
  const missing = (NEEDED[channel.kind] ?? []).filter((name) => channel[name] === undefined);
  const lacking = missing.map((name): Problem => {
    const expected = saying('config.expects_key', { name });
    return { path: at, part: 'key', found: saying('config.found_nothing'), expected };
  });
  return lacking.concat(
    addressProblems(channel, [...at, 'url'], sources),
    secretProblems(channel.key, [...at, 'key'], sources),
    secretProblems(channel.mail?.password, [...at, 'mail', 'password'], sources),
  );
}

/** Channels without what their kind needs, secrets written out or not there, and actions that tell a channel nobody has. */
export function notifyProblems({ notify, actions = [] }: WrittenNotify, sources: SecretSources): readonly Problem[] {
  const { channels = [], linkKey } = notify ?? {};
  const names = new Set(channels.map(({ name }) => name));
  const ofChannels = channels.flatMap((channel, index) =>
    channelProblems(channel, ['notify', 'channels', index], sources),
  );
  const ofActions = actions.flatMap(({ executor, args = {} }, index) => {
    const { channel } = args;
    if (executor !== 'notify' || (typeof channel === 'string' && names.has(channel))) return [];
    const path: Path = ['actions', index, 'args', ...(channel === undefined ? [] : ['channel'])];
    return [wrong(path, value(channel ?? args), saying('config.expects_channel'))];
  });
  return [...secretProblems(linkKey, ['notify', 'linkKey'], sources), ...ofChannels, ...ofActions];
}
