import type { Resource } from '../api-app.ts';
import { AlertingView } from '../contract/alerting.ts';

/** What reaches people, and what keeps the rest from them. */
export const alerting: Resource = (app, deps) => {
  app.get(
    '/alerting',
    {
      schema: {
        summary: 'How the alert budget is used, thresholds solved from history, and the noise of each feature',
        response: { 200: AlertingView },
      },
    },
    () => deps.alerting(),
  );
};
