/** Why something is expected to run out, and how a prediction ended. */
export const predict = {
  fills: '{{feature}} has moved {{drift, quantity}} a second towards its limit for {{lasted, duration}}, steadily.',
  fillsBut_one:
    '{{feature}} has moved {{drift, quantity}} a second towards its limit for {{lasted, duration}}; once before it came as far and recovered by itself.',
  fillsBut_other:
    '{{feature}} has moved {{drift, quantity}} a second towards its limit for {{lasted, duration}}; {{count}} times before it came as far and recovered by itself.',
  driver: '{{feature}} leads by itself to its limit of {{limit, quantity}}.',
  eased: '{{feature}} no longer moves towards its limit.',
  gone: '{{feature}} has not been reported for {{silent, duration}}.',
  reached: '{{feature}} has reached its limit of {{limit, quantity}}.',
  driver_past_failures_one: '{{count}} failure of late, {{all}} in all, and how often the entities around it failed.',
  driver_past_failures_other:
    '{{count}} failures of late, {{all}} in all, and how often the entities around it failed.',
  failing:
    'Fails within {{seconds, duration}} with a chance of {{probability, percent}}; at this level it came true in {{came, percent}} of {{count}} earlier cases.',
  failingNew: 'Fails within {{seconds, duration}} with a chance of {{probability, percent}}.',
  failed: 'It has failed: {{kind}}.',
  calm: 'The risk of failure has passed.',
} as const;
