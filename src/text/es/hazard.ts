/** Por qué se espera un fallo, y qué falta para poder predecirlo. */
export const hazard = {
  missingRows: 'No hay filas con un desenlace conocido de las que aprender.',
  missingFailures:
    'No consta ningún fallo en el tiempo del que se aprende; hacen falta al menos {{needed}} para entrenar y evaluar.',
  fewFailures_one:
    'Solo consta {{count}} fallo en el tiempo del que se aprende; hacen falta al menos {{needed}} para entrenar y evaluar.',
  fewFailures_other:
    'Solo constan {{count}} fallos en el tiempo del que se aprende; hacen falta al menos {{needed}} para entrenar y evaluar.',
  oneEntity: 'Todos los fallos son de una sola entidad; no dicen nada de las demás.',
  allAtOnce: 'Todos los fallos caen en el mismo momento; no queda nada posterior con que evaluar un modelo.',
  level: '{{feature}} está en un nivel que otras veces precedió a un fallo.',
  start: '{{feature}} fue inusual desde el principio.',
  change: '{{feature}} se ha alejado de lo que era cuando la entidad empezó.',
  trend: '{{feature}} se mueve siempre en la misma dirección.',
  unsteady: '{{feature}} varía más o menos de lo habitual.',
  missing: '{{feature}} falta parte del tiempo.',
  age: 'El tiempo que la entidad lleva en marcha.',
  gap: 'El tiempo que pasó sin datos.',
  pastFailures: 'Sus propios fallos anteriores.',
  event: 'El evento {{event}}.',
  calendar: 'La hora o el día de la semana.',
} as const;
