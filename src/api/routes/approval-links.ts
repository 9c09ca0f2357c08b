import { Type } from 'typebox';
import { LinkView, Run } from '../../model/action.ts';
import type { Resource } from '../api-app.ts';

const TokenParameter = Type.Object({ token: Type.String({ minLength: 1, maxLength: 1000 }) });

/**
 * Approvals by a link that was sent to people. The link itself says what it may do, so no other token is asked for; looking
 * at it changes nothing, whoever or whatever follows it.
 */
export const approvalLinks: Resource = (app, { act }) => {
  app.get(
    '/approval-links/:token',
    {
      config: { role: null },
      schema: { summary: 'What would be done by a signed link', params: TokenParameter, response: { 200: LinkView } },
    },
    ({ params }) => act.lookAtLink(params.token),
  );

  app.post(
    '/approval-links/:token',
    {
      config: { role: null },
      schema: {
        summary: 'Approve or reject by a signed link, once',
        params: TokenParameter,
        body: Type.Object({
          decision: Type.Enum(['approve', 'reject']),
          note: Type.String({ maxLength: 4000, default: '' }),
        }),
        response: { 200: Run },
      },
    },
    ({ params, body }) => act.decideByLink(params.token, body.decision, body.note),
  );
};
