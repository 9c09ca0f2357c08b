import type { Resource } from '../api-app.ts';
import { Overview } from '../contract/views.ts';

export const overview: Resource = (app, _deps, parts) => {
  app.get(
    '/overview',
    { schema: { summary: 'What is wrong, what will fail, what to do', response: { 200: Overview } } },
    () => parts.overview.get(),
  );
};
