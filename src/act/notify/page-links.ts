/** Addresses of pages of the dashboard, as `dashboard/src/format/names.ts` makes them. */
const page = (base: string, ...parts: readonly string[]): string =>
  [base.replace(/\/+$/, ''), ...parts.map(encodeURIComponent)].join('/');

export const entityLink = (base: string, entity: string): string => page(base, 'entities', ...entity.split('/'));
export const incidentLink = (base: string, incident: string): string => page(base, 'incidents', incident);
export const actionsLink = (base: string): string => page(base, 'actions');
/** What follows `#` stays in the browser: neither a proxy's log nor a preview of the link sees the token. */
export const approvalLink = (base: string, token: string): string => `${page(base, 'approve')}#${token}`;
