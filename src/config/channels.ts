import type { Channel } from '../model/notification.ts';
import type { Config } from './schema.ts';

/** The ways to people as `act` uses them; references to secrets stay in place until something is sent. */
export const channelsOf = ({ notify }: Config): readonly Channel[] =>
  notify.channels.map(({ name, kind, url, key, mail, tell, language, approve, group, rate }) => ({
    name,
    kind,
    language: language ?? null,
    tell,
    approve: approve ?? null,
    groupMs: group,
    rate,
    url: url ?? null,
    key: key ?? null,
    mail: mail === undefined ? null : { ...mail, user: mail.user ?? null, password: mail.password ?? null },
  }));

/** Where people reach the dashboard: as the owner says, otherwise on this machine. */
export const dashboardAddress = ({ notify, api }: Config): string =>
  notify.link ?? `http://${api.host === '0.0.0.0' || api.host === '::' ? '127.0.0.1' : api.host}:${api.port}`;
