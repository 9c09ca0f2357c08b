// Made-up answers about failure models, policies, the ladder of automation and what acting was worth; for fixture-server.mjs.
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HORIZONS = [900, 3600, 21_600, 86_400, 604_800];
const phrase = (key, values = {}) => ({ key, values });
const estimate = (value, spread) => ({ value, low: Math.max(0, value - spread), high: Math.min(1, value + spread) });

const horizons = (skill) =>
  HORIZONS.map((seconds, h) => ({
    seconds,
    rows: 48_000,
    positives: [22, 61, 140, 260, 610][h],
    baseRate: [0.0005, 0.0013, 0.003, 0.0054, 0.0127][h],
    averagePrecision: estimate([0.31, 0.44, 0.52, 0.47, 0.33][h] * skill, 0.07),
    brierSkill: { value: 0.3 * skill, low: 0.2, high: 0.38 },
    expectedOverObserved: { value: 1.08, low: 0.91, high: 1.27 },
    reliability: [0.01, 0.05, 0.12, 0.24, 0.37, 0.55, 0.71, 0.88].map((said, i) => ({
      low: said - 0.01,
      high: said + 0.05,
      said,
      came: Math.max(0, said * (0.9 + 0.05 * Math.sin(i * 2 + h)) + 0.03 * Math.cos(i + h)),
      count: [31_000, 9000, 3100, 1400, 610, 240, 120, 44][i],
    })),
    threshold: h === 4 ? null : 0.62 - h * 0.03,
    precision: h === 4 ? null : 0.83,
    recall: h === 4 ? null : [0.35, 0.52, 0.71, 0.68][h] * skill,
    ...(h === 4
      ? {}
      : {
          byLead: [0, 300, 900, 1800, 3600, 7200, 21_600].map((lead, i) => ({
            lead,
            precision: 0.86 - i * 0.012,
            recall: Math.max(0, (0.78 - i * 0.09) * skill),
          })),
        }),
  }));

const detail = (skill) => ({
  factory: 'hazard',
  parent: null,
  columns: ['host_memory_used_bytes'],
  cadenceMs: MINUTE,
  judgedTo: 0,
  rows: 48_000,
  entities: 17,
  failures: 61,
  horizons: horizons(skill),
  bins: [],
  trainingSeconds: 214,
});

export function createModelFixtures({ start, bare }) {
  const model = ([id, state, reason], age, skill) => ({
    id,
    kind: 'failure',
    version: new Date(start - age).toISOString(),
    scope: 'host',
    state,
    trainedFrom: start - age - 42 * DAY,
    trainedTo: start - age - 3 * DAY,
    metrics: { 'judged averagePrecision 900': 0.31 },
    reason,
    createdAt: start - age,
    detail: detail(skill),
  });
  const failureModels = bare
    ? []
    : [
        model(['f2', 'challenger', 'drift'], 5 * HOUR, 1.08),
        model(['f1', 'champion', 'schedule'], 6 * DAY, 1),
        model(['f0', 'retired', 'first'], 13 * DAY, 0.9),
      ];

  const learning = {
    items: bare
      ? []
      : [
          {
            scope: 'host',
            state: 'training',
            why: 'drift',
            missing: null,
            progress: 0.42,
            step: 'search',
            budgetMs: 600_000,
            startedAt: start - 2 * MINUTE,
            endedAt: null,
          },
          {
            scope: 'database',
            state: 'missing',
            why: 'schedule',
            missing: phrase('hazard.fewFailures', { count: 3, needed: 20 }),
            progress: 1,
            step: 'done',
            startedAt: start - 3 * HOUR,
            endedAt: start - 3 * HOUR,
          },
        ],
  };

  const drift = Array.from({ length: 40 }, (_, i) => ({
    model: 'f1',
    time: start - (40 - i) * 3 * HOUR,
    measures: [
      {
        of: 'calibration',
        value: i < 6 ? null : 1.02 + 0.2 * Math.sin(i / 5),
        low: i < 6 ? null : 0.7 + 0.2 * Math.sin(i / 5),
        high: i < 6 ? null : 1.4 + 0.2 * Math.sin(i / 5),
        threshold: { least: 0.5, most: 2 },
        drifted: false,
        reason: phrase('predict.drift_calibration_none', { seconds: 3600, ratio: 1.02, count: 31 }),
      },
      {
        of: 'scores',
        value: 0.03 + i * 0.004,
        low: null,
        high: null,
        threshold: { least: null, most: 0.25 },
        drifted: false,
        reason: phrase('predict.drift_scores_none', { index: 0.19 }),
      },
      {
        of: 'features',
        value: i * 0.006,
        low: null,
        high: null,
        threshold: { least: null, most: 0.2 },
        drifted: i > 34,
        reason: phrase('predict.drift_features', { count: 4, asked: 17, feature: 'host_load1', index: 0.41 }),
      },
    ],
  }));

  const report = (id) => {
    const found = failureModels.find((one) => one.id === id);
    if (found === undefined) return null;
    const told = { precision: 0.8, lead: 900 };
    return {
      model: id,
      horizons: found.detail.horizons,
      contract: {
        precision: 0.8,
        minLeadSeconds: 900,
        ...(id === 'f0'
          ? { seconds: null, threshold: null, recall: null, reason: phrase('predict.contract_none', told) }
          : {
              seconds: 21_600,
              threshold: 0.56,
              recall: 0.71,
              reason: phrase('predict.contract', { ...told, seconds: 21_600, threshold: 0.56, recall: 0.71 }),
            }),
      },
      versus:
        id === 'f0'
          ? null
          : {
              rival: id === 'f2' ? 'f1' : null,
              gain: 0.0021,
              z: id === 'f2' ? 1.2 : 4.1,
              entityDays: 612,
              failures: 19,
              verdict: id === 'f2' ? 'open' : 'better',
              reason: phrase(id === 'f2' ? 'predict.versus_open' : 'predict.versus_better_base', { count: 19 }),
            },
      drift: id === 'f1' ? drift : [],
      weighting: {
        share: 0,
        decided: 0,
        left: 0,
        possible: false,
        reason: phrase('predict.weighting_none', { share: 0, all: 0, count: 0 }),
      },
      cost: {
        artefactBytes: 1_840_000,
        memoryBytes: 41_200_000,
        trainingSeconds: 214,
        millisecondsAnEntity: id === 'f1' ? 0.14 : null,
        ageMs: start - found.createdAt,
      },
      learning: learning.items[0] ?? null,
    };
  };

  const cone = () => ({
    model: bare ? null : 'f1',
    horizons: bare ? [] : HORIZONS,
    points: bare
      ? []
      : Array.from({ length: 200 }, (_, i) => {
          const risk = 0.02 + 0.5 / (1 + Math.exp(-(i - 150) / 14)) + 0.02 * Math.sin(i / 6);
          return {
            time: start - (200 - i) * 7 * MINUTE - (i < 90 ? 2 * HOUR : 0),
            probabilities: [0.18, 0.42, 0.8, 1.15, 1.5].map((share) => Math.min(0.97, risk * share)),
          };
        }),
  });

  const policy = ([id, kind, state], verdict, saved, faults = []) => ({
    id,
    kind,
    version: `${kind}@1`,
    state,
    createdAt: start - 9 * HOUR,
    reason: verdict,
    incidents: 412,
    evaluation: {
      minutes: { value: 14 - saved[0], low: 9, high: 17 },
      reference: 14,
      saved: { value: saved[0], low: saved[1], high: saved[2] },
      incidents: 412,
      effectiveSize: 138,
      clippedShare: 0.02,
      verdict,
      faults,
    },
  });
  const none = {
    id: null,
    kind: 'beta',
    version: '1',
    state: 'champion',
    createdAt: null,
    reason: 'first',
    incidents: 0,
    evaluation: null,
  };
  const champion = policy(['p1', 'bandit', 'champion'], 'better', [3.1, 0.8, 5.4]);
  const policies = () => ({
    inForce: bare ? none : champion,
    policies: bare
      ? []
      : [
          policy(['p3', 'fitted-q', 'challenger'], 'better', [2.6, 0.4, 4.8]),
          policy(['p2', 'case-forest', 'challenger'], 'undecided', [0.7, -2.2, 3.6]),
          champion,
          policy(['p0', 'fitted-q', 'retired'], 'refused', [6.2, -8.1, 12], ['effective-size', 'support']),
        ],
    curve: bare
      ? []
      : Array.from({ length: 20 }, (_, i) => ({
          time: start - (20 - i) * DAY,
          incidents: (i + 1) * 21,
          minutes: 26 * Math.exp(-i / 9) + 8 + 2 * Math.sin(i * 1.7),
          resolved: 0.82 - 0.4 * Math.exp(-i / 7) + 0.03 * Math.sin(i * 2.1),
        })),
    exploration: { share: 0.1, perDay: 20, used: bare ? 0 : 3 },
  });

  const ladder = () =>
    bare
      ? []
      : [
          ['clean-data', 'host', 'auto', 'auto', 'proven', 31, 2, 0, 0.94, 0.83, 0.12, null],
          ['restart-orders', 'service', 'approve', 'auto', 'harmed', 9, 4, 1, 0.69, 0.44, 0.21, 0.6],
          ['grow-volume', 'host', 'suggest', 'approve', null, 0, 0, 0, 0, 0, 0.12, 0.5],
          ['restart-orders', 'pod', 'observe', 'approve', null, 0, 0, 0, 0.8, 0.28, 0.2, 0.3],
        ].map(
          ([
            action,
            entityKind,
            level,
            ceiling,
            reason,
            resolved,
            failed,
            harmful,
            success,
            lower,
            byItself,
            needed,
          ]) => ({
            ...(level === 'observe' && { watched: { incidents: 10, lasted: 8 } }),
            action,
            entityKind,
            level,
            ceiling,
            since: reason === null ? null : start - 4 * DAY,
            reason,
            resolved,
            failed,
            harmful,
            success,
            lower,
            byItself,
            needed,
          }),
        );

  const value = (from, to) => ({
    from,
    to,
    incidents: bare ? 0 : 74,
    actedUpon: bare ? 0 : 41,
    downtimeAvoidedMinutes: bare ? null : { value: 412, low: 240, high: 590 },
    needlessAvoided: bare ? null : { value: 12, low: 7, high: 18 },
    harmful: bare ? 0 : 1,
    disruptionMinutes: bare ? 0 : 38,
    actions: bare
      ? []
      : [
          ['clean-data', 27, 24, 2, 0, 1, 0, 19, 13.5],
          ['restart-orders', 14, 9, 3, 1, 0, 1, 0, 24.5],
        ].map(
          ([action, runs, resolved, ineffective, harmful, inconclusive, undecided, automatic, disruptionMinutes]) => ({
            action,
            runs,
            resolved,
            ineffective,
            harmful,
            inconclusive,
            undecided,
            automatic,
            disruptionMinutes,
          }),
        ),
    assumptions: bare ? [] : [phrase('recommend.likeCases'), phrase('recommend.lessLikely')],
  });

  const similar = (actions) =>
    actions.slice(0, 2).flatMap(({ id }, a) =>
      ['resolved', 'resolved', 'ineffective'].map((verdict, i) => ({
        run: `s${a}${i}`,
        incident: `inc-${i}`,
        entity: `host/web-${i + 3}`,
        action: id,
        verdict,
        time: start - (i + 2) * 3 * DAY,
        similarity: 0.93 - i * 0.14,
      })),
    );
  const considered = [
    {
      action: 'drain-node',
      title: { en: 'Drain the node', es: 'Vaciar el nodo' },
      why: phrase('recommend.otherKind', { kinds: 'node' }),
    },
    {
      action: 'roll-back',
      title: { en: 'Roll back the release', es: 'Volver a la versión anterior' },
      why: phrase('recommend.otherProblem'),
    },
  ];
  const automation = (stormy) => ({
    killSwitch: false,
    breaker: stormy ? { open: true, reason: phrase('recommend.harmedHere') } : { open: false, reason: null },
  });
  return { failureModels, learning, report, cone, policies, ladder, value, similar, considered, automation };
}
