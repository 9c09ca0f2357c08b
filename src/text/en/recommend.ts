/** Why an action is recommended, and why it may not run now. */
export const recommend = {
  ranked_one: 'One action of the catalogue fits this incident.',
  ranked_other: '{{count}} actions of the catalogue fit this incident; the one that has helped most stands first.',
  neverTried: 'It has not been tried on this kind of entity; the estimate is what the catalogue assumes.',
  worked_one: 'It was tried once on this kind of entity and resolved {{resolved}}.',
  worked_other: 'It resolved {{resolved}} of {{count}} cases on this kind of entity.',
  failedHere: 'It has already been of no use on this incident.',
  harmedHere: 'It has already made this incident worse.',
  disruption_low: 'Expect little disruption.',
  disruption_medium: 'Expect some disruption.',
  disruption_high: 'Expect a serious disruption.',
  killSwitch: 'The kill switch is on: nothing is carried out.',
  observeOnly: 'Its mode is “observe”: it is only shown.',
  cooldown: 'It ran here a short while ago; it may run again in {{seconds, duration}}.',
  likeCases: 'The estimate rests on cases that were like this one.',
  explores:
    'It is tried first to learn of it: others may be as good or better, and this is within the budget for that.',
  lessLikely: 'Others are likelier to help.',
  otherKind: 'It is meant for {{kinds}}.',
  otherProblem: 'It is meant for another kind of problem.',
} as const;
