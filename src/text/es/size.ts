/** Lo que dice `vigia size`. */
export const size = {
  about: 'calcula memoria, CPU, disco y particiones para un número de series',
  about_series: 'series vigiladas',
  about_entities: 'entidades a las que pertenecen; por defecto, una por cada 30 series',
  about_step: 'segundos entre muestras; por defecto, el paso de la configuración',
  about_models: 'modelos que se guardan',
  about_store: 'embedded, postgres o timescale; por defecto, lo que diga la configuración',
  bad_store: 'No existe el almacén {{found}}; los hay de estos tipos: {{known}}.',
  bad_number: '{{option}} {{found}} no es un número con el que se pueda calcular.',
  asked:
    '{{series, number}} series de {{entities, number}} entidades cada {{stepSeconds, number}} s, {{models, number}} modelos, {{store}}',
  store_embedded: 'un solo proceso con la base de datos integrada',
  store_postgres: 'procesos separados, PostgreSQL sin TimescaleDB',
  store_timescale: 'procesos separados, TimescaleDB',
  rate: '  muestras     {{rate, number}} por segundo',
  memory:
    '  memoria      {{bytes, bytes}} residentes a plena carga, entre todos los procesos; {{series, bytes}} por cada serie más',
  cpu: '  CPU          {{cores, number}} núcleos',
  database_cpu: '  CPU de la BD {{cores, number}} núcleos para escribir; leer va aparte',
  disk: '  disco        {{total, bytes}}: muestras {{samples, bytes}}, pasos {{steps, bytes}}, valores esperados {{expected, bytes}}, minutos {{minutes, bytes}}, horas y días {{hours, bytes}}, modelos {{models, bytes}}',
  partitions: '  particiones  {{count, number}} por tema; {{instances, number}} procesos de detect',
  kept: 'Se conservan: muestras y valores esperados {{samples, number}} días, pasos {{steps, number}}, minutos {{minutes, number}}, horas {{hours, number}}.',
  over_budget:
    'Disco: {{total, bytes}} supera store.diskBudget ({{budget, bytes}}), así que las muestras más antiguas se borrarán antes.',
  source: 'Calculado con costes medidos (docs/operations/sizing.md); cabe esperar un error de hasta un tercio.',
} as const;
