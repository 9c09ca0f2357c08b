/** What `vigia size` says. */
export const size = {
  about: 'reckon memory, CPU, disk and partitions for so many series',
  about_series: 'series that are watched',
  about_entities: 'entities that they belong to; default: one for each 30 series',
  about_step: 'seconds between samples; default: the step of the configuration',
  about_models: 'models that are kept',
  about_store: 'embedded, postgres or timescale; default: as in the configuration',
  bad_store: 'There is no store {{found}}; there are {{known}}.',
  bad_number: '{{option}} {{found}} is not a number that can be reckoned with.',
  asked:
    '{{series, number}} series of {{entities, number}} entities every {{stepSeconds, number}} s, {{models, number}} models, {{store}}',
  store_embedded: 'one process with the embedded database',
  store_postgres: 'separate processes, PostgreSQL without TimescaleDB',
  store_timescale: 'separate processes, TimescaleDB',
  rate: '  samples      {{rate, number}} a second',
  memory:
    '  memory       {{bytes, bytes}} resident under full load, all processes; {{series, bytes}} for each series more',
  cpu: '  CPU          {{cores, number}} cores',
  database_cpu: '  database CPU {{cores, number}} cores for writing; reading comes on top',
  disk: '  disk         {{total, bytes}}: samples {{samples, bytes}}, steps {{steps, bytes}}, expected {{expected, bytes}}, minutes {{minutes, bytes}}, hours and days {{hours, bytes}}, models {{models, bytes}}',
  partitions: '  partitions   {{count, number}} for each topic; {{instances, number}} of detect',
  kept: 'Kept: samples and what was expected {{samples, number}} days, steps {{steps, number}}, minutes {{minutes, number}}, hours {{hours, number}}.',
  over_budget:
    'Disk: {{total, bytes}} is more than store.diskBudget ({{budget, bytes}}), so the oldest raw samples go earlier.',
  source: 'Reckoned from measured costs (docs/operations/sizing.md); expect them to be right within a third.',
} as const;
