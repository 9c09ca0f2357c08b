/** Por qué se espera que algo se agote, y cómo acabó una predicción. */
export const predict = {
  fills:
    '{{feature}} avanza {{drift, quantity}} por segundo hacia su límite desde hace {{lasted, duration}}, sin pausa.',
  fillsBut_one:
    '{{feature}} avanza {{drift, quantity}} por segundo hacia su límite desde hace {{lasted, duration}}; ya llegó una vez hasta aquí y se recuperó sin ayuda.',
  fillsBut_other:
    '{{feature}} avanza {{drift, quantity}} por segundo hacia su límite desde hace {{lasted, duration}}; ya llegó {{count}} veces hasta aquí y se recuperó sin ayuda.',
  driver: '{{feature}} lleva por sí solo a su límite de {{limit, quantity}}.',
  eased: '{{feature}} ya no avanza hacia su límite.',
  gone: 'No se sabe nada de {{feature}} desde hace {{silent, duration}}.',
  reached: '{{feature}} ha llegado a su límite de {{limit, quantity}}.',
  driver_past_failures_one:
    '{{count}} fallo reciente, {{all}} en total, y la frecuencia con que fallaron las entidades de su entorno.',
  driver_past_failures_other:
    '{{count}} fallos recientes, {{all}} en total, y la frecuencia con que fallaron las entidades de su entorno.',
  failing:
    'Probabilidad de fallo del {{probability, percent}} en {{seconds, duration}}; con este nivel se cumplió el {{came, percent}} de {{count}} casos anteriores.',
  failingNew: 'Probabilidad de fallo del {{probability, percent}} en {{seconds, duration}}.',
  failingAs:
    'Probabilidad de fallo del {{probability, percent}} en {{seconds, duration}}; con este nivel se cumplió el {{came, percent}} de {{count}} casos anteriores. De todos los fallos hasta ahora, el {{kindShare, percent}} fue de tipo «{{kind}}».',
  failingNewAs:
    'Probabilidad de fallo del {{probability, percent}} en {{seconds, duration}}. De todos los fallos hasta ahora, el {{kindShare, percent}} fue de tipo «{{kind}}».',
  failed: 'Ha fallado: {{kind}}.',
  calm: 'El riesgo de fallo ha pasado.',
  unwatched: 'Ya no hay ningún modelo en uso que pueda decirlo, así que no se conoce el riesgo.',
  drift_features_few: 'Aún hay muy pocas filas nuevas para saber si las características se han desplazado.',
  drift_features_none_one: 'Se ha analizado {{count}} característica y se reparte como en el entrenamiento.',
  drift_features_none_other: 'Ninguna de las {{count}} características se ha desplazado desde el entrenamiento.',
  drift_features_one:
    'Se ha desplazado {{count}} de {{asked}} características desde el entrenamiento: {{feature}} (índice {{index, number}}).',
  drift_features_other:
    'Se han desplazado {{count}} de {{asked}} características desde el entrenamiento, sobre todo {{feature}} (índice {{index, number}}).',
  drift_features_gone_one: 'Se ha desplazado {{count}} de {{asked}} características: {{feature}} ya no llega.',
  drift_features_gone_other: 'Se han desplazado {{count}} de {{asked}} características; {{feature}} ya no llega.',
  drift_scores_few: 'Aún ha dicho muy poco para saber si se ha desplazado: {{count}} de {{needed}} valores.',
  drift_scores_none: 'Lo que dice se reparte como cuando se evaluó (índice {{index, number}}).',
  drift_scores: 'Lo que dice ya no se reparte como cuando se evaluó (índice {{index, number}}).',
  drift_calibration_few_one:
    '{{count}} fallo desde que está en servicio; hacen falta {{needed}} para saber si sus probabilidades siguen siendo válidas.',
  drift_calibration_few_other:
    '{{count}} fallos desde que está en servicio; hacen falta {{needed}} para saber si sus probabilidades siguen siendo válidas.',
  drift_calibration_none: 'En {{seconds, duration}} esperaba {{ratio, number}} veces los {{count}} fallos que hubo.',
  drift_calibration_high:
    'Espera demasiado: {{ratio, number}} veces los {{count}} fallos que hubo en {{seconds, duration}}.',
  drift_calibration_low:
    'Espera demasiado poco: {{ratio, number}} veces los {{count}} fallos que hubo en {{seconds, duration}}.',
  weighting_none:
    'Nada se deja sin tocar al azar, así que no se puede ponderar: por encima del nivel en el que se actúa, el modelo solo aprende de lo que falló antes de que alguien actuara. Véase predict.doNothingShare.',
  weighting_waits:
    'Un {{share, percent}} de los fallos previstos en los que Vigía actuaría se deja sin tocar al azar; todavía no ha habido ninguno.',
  weighting:
    'De {{all}} fallos previstos que se dejaron al azar, {{count}} quedaron sin tocar y representan a los demás, con una probabilidad del {{share, percent}} cada vez.',
  contract_none:
    'Ningún umbral mantiene una precisión del {{precision, percent}} con {{lead, duration}} de antelación; nada avisa de urgencia.',
  contract:
    'Los avisos desde el {{threshold, percent}} en {{seconds, duration}} mantienen una precisión del {{precision, percent}} con {{lead, duration}} de antelación y anuncian el {{recall, percent}} de los fallos.',
  versus_open: 'Sin decidir: {{count}} fallos hasta ahora, y la diferencia puede ser casual.',
  versus_better: 'Mejor que {{than}} en las mismas filas, con {{count}} fallos.',
  versus_worse: 'Peor que {{than}} en las mismas filas, con {{count}} fallos.',
  versus_better_base: 'Mejor que la tasa base en las mismas filas, con {{count}} fallos.',
  versus_worse_base: 'Peor que la tasa base en las mismas filas, con {{count}} fallos.',
} as const;
