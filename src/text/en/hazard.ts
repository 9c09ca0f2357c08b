/** Why a failure is expected, and what is missing for a prediction. */
export const hazard = {
  missingRows: 'There are no rows with a known outcome to learn from.',
  missingFailures:
    'No failure is on record in the time that is learnt from; at least {{needed}} are needed to train and to judge.',
  fewFailures_one:
    'Only {{count}} failure is on record in the time that is learnt from; at least {{needed}} are needed to train and to judge.',
  fewFailures_other:
    'Only {{count}} failures are on record in the time that is learnt from; at least {{needed}} are needed to train and to judge.',
  oneEntity: 'All failures are of one entity; they say nothing about the others.',
  allAtOnce: 'All failures fall into one moment; nothing later is left to judge a model by.',
  level: '{{feature}} stands at a level that came before failures.',
  start: '{{feature}} was unusual from the start.',
  change: '{{feature}} has moved away from what it was when the entity was new.',
  trend: '{{feature}} keeps moving in one direction.',
  unsteady: '{{feature}} varies more or less than usual.',
  missing: '{{feature}} is missing part of the time.',
  age: 'How long the entity has been running.',
  gap: 'How long nothing was reported.',
  pastFailures: 'Its own past failures.',
  event: 'The event {{event}}.',
  calendar: 'The hour or the day of the week.',
} as const;
