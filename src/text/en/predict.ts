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
  failingAs:
    'Fails within {{seconds, duration}} with a chance of {{probability, percent}}; at this level it came true in {{came, percent}} of {{count}} earlier cases. Of all failures so far {{kindShare, percent}} were of the kind “{{kind}}”.',
  failingNewAs:
    'Fails within {{seconds, duration}} with a chance of {{probability, percent}}. Of all failures so far {{kindShare, percent}} were of the kind “{{kind}}”.',
  failed: 'It has failed: {{kind}}.',
  calm: 'The risk of failure has passed.',
  unwatched: 'No model is in force any more that could tell, so the risk is not known.',
  drift_features_few: 'There are too few new rows to tell whether the features have shifted.',
  drift_features_none_one: 'The {{count}} feature that was looked at is spread as it was in training.',
  drift_features_none_other: 'None of {{count}} features has shifted since training.',
  drift_features_one:
    '{{count}} of {{asked}} features has shifted since training: {{feature}} (index {{index, number}}).',
  drift_features_other:
    '{{count}} of {{asked}} features have shifted since training, {{feature}} most (index {{index, number}}).',
  drift_features_gone_one:
    '{{count}} of {{asked}} features has shifted since training: {{feature}} is not reported any more.',
  drift_features_gone_other:
    '{{count}} of {{asked}} features have shifted since training; {{feature}} is not reported any more.',
  drift_scores_few: 'It has said too little so far to tell whether that has shifted: {{count}} of {{needed}} values.',
  drift_scores_none: 'What it says is spread as when it was judged (index {{index, number}}).',
  drift_scores: 'What it says is spread otherwise than when it was judged (index {{index, number}}).',
  drift_calibration_few_one:
    '{{count}} failure since it serves; {{needed}} are needed to tell whether its probabilities still hold.',
  drift_calibration_few_other:
    '{{count}} failures since it serves; {{needed}} are needed to tell whether its probabilities still hold.',
  drift_calibration_none:
    'Within {{seconds, duration}} it expected {{ratio, number}} times the {{count}} failures that came.',
  drift_calibration_high:
    'It expects too much: {{ratio, number}} times the {{count}} failures that came within {{seconds, duration}}.',
  drift_calibration_low:
    'It expects too little: {{ratio, number}} times the {{count}} failures that came within {{seconds, duration}}.',
  weighting_none:
    'Nothing is left alone by chance, so no weighting is possible: above the level at which it is acted upon, the model learns only from what failed before anybody acted. See predict.doNothingShare.',
  weighting_waits:
    '{{share, percent}} of the predicted failures that Vigía would act upon are left alone by chance; none has come up yet.',
  weighting:
    'Of {{all}} predicted failures left to chance, {{count}} were left alone and stand for the others, {{share, percent}} at a time.',
  contract_none:
    'No threshold keeps a precision of {{precision, percent}} with {{lead, duration}} of lead; nothing pages.',
  contract:
    'Pages from {{threshold, percent}} within {{seconds, duration}} keep a precision of {{precision, percent}} with {{lead, duration}} of lead and announce {{recall, percent}} of the failures.',
  versus_open: 'Not decided: {{count}} failures so far, and the difference is within chance.',
  versus_better: 'Better than {{than}} on the same rows, with {{count}} failures.',
  versus_worse: 'Worse than {{than}} on the same rows, with {{count}} failures.',
  versus_better_base: 'Better than the base rate on the same rows, with {{count}} failures.',
  versus_worse_base: 'Worse than the base rate on the same rows, with {{count}} failures.',
} as const;
