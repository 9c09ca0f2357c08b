import type { TextKey } from '../../../src/text/catalogue.ts';

export interface PageEntry {
  readonly href: string;
  readonly title: TextKey;
}

/** The pages that stand in the navigation, in the order of the four questions. */
export const PAGES: readonly PageEntry[] = [
  { href: '/', title: 'dashboard.overview' },
  { href: '/incidents', title: 'dashboard.incidents' },
  { href: '/predictions', title: 'dashboard.predictions' },
  { href: '/actions', title: 'dashboard.actions' },
  { href: '/entities', title: 'dashboard.entities' },
  { href: '/data', title: 'dashboard.data' },
  { href: '/models', title: 'dashboard.models' },
  { href: '/settings', title: 'dashboard.settings' },
];

/** Pages that others lead to, each under one of the navigation. */
export const INNER_PAGES: readonly (PageEntry & { readonly under: string })[] = [
  { href: '/silences', title: 'dashboard-silence.title', under: '/incidents' },
  { href: '/quality', title: 'dashboard-quality.title', under: '/data' },
  { href: '/policies', title: 'dashboard-policies.title', under: '/actions' },
  { href: '/value', title: 'dashboard-policies.value', under: '/actions' },
  { href: '/alerting', title: 'dashboard.alerting', under: '/settings' },
];

const within = (href: string, location: string): boolean =>
  href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`);

/** Whether a page of the navigation is the one shown, or holds it. */
export const isCurrent = (href: string, location: string): boolean =>
  within(href, location) || INNER_PAGES.some((page) => page.under === href && within(page.href, location));

/** What the window is called at a place. */
export const titleAt = (location: string): TextKey | undefined =>
  [...INNER_PAGES, ...PAGES].find(({ href }) => within(href, location))?.title;
