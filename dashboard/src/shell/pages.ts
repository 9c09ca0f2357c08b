import type { TextKey } from '../../../src/text/catalogue.ts';

/** The pages that stand in the navigation, in the order of the four questions. */
export const PAGES: readonly { readonly href: string; readonly title: TextKey }[] = [
  { href: '/', title: 'dashboard.overview' },
  { href: '/incidents', title: 'dashboard.incidents' },
  { href: '/predictions', title: 'dashboard.predictions' },
  { href: '/actions', title: 'dashboard.actions' },
  { href: '/entities', title: 'dashboard.entities' },
  { href: '/data', title: 'dashboard.data' },
  { href: '/models', title: 'dashboard.models' },
  { href: '/settings', title: 'dashboard.settings' },
];

/** Whether a page of the navigation is the one shown, or holds it. */
export const isCurrent = (href: string, location: string): boolean =>
  href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`);
