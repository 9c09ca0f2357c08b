import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

const Template = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description });

const JsonRule = Type.Object(
  {
    when: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Path of a value, such as `job.status`, to a pattern for it with `*` and `?`; all must fit.',
    }),
    event: Template('Name of the event: `deploy`, or with `{path}` for values.'),
    entity: Type.Optional(Template('Entity id, such as `service/{service}`; by the labels when left out.')),
    id: Type.Optional(Template('What makes it the same event when it is sent again; all of it when left out.')),
    time: Type.Optional(Template('ISO 8601, or seconds or milliseconds since 1970; when it came, if left out.')),
    severity: Type.Optional(Template('`info`, `warning`, `critical`, or a word that means one of them.')),
    text: Type.Optional(Template('What is shown.')),
    labels: Type.Record(Type.String(), Type.String({ maxLength: 1000 }), {
      default: {},
      description: 'Labels of the event, with `{path}` for values.',
    }),
  },
  closed,
);

/** A sender whose JSON becomes events by rules, at `/api/v1/webhooks/json/NAME`. */
export const JsonWebhook = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
      expects: 'name',
      description: 'Last part of its address.',
    }),
    each: Type.Optional(Template('Path of the list of things that happened; the whole body when left out.')),
    rules: Type.Array(JsonRule, { minItems: 1, maxItems: 100, description: 'The first that fits counts.' }),
  },
  closed,
);
