import type { report as english } from '../en/backtest-report.ts';

export const report: Record<keyof typeof english, string> = {
  title: 'Qué se habría predicho: {{file}}',
  cut_split: 'Entrenado con lo anterior a {{cut}} y preguntado por lo que siguió: de {{from}} a {{to}}.',
  cut_walk:
    '{{count}} cortes; cada modelo se entrenó solo con lo anterior a su corte. Preguntado de {{from}} a {{to}}.',
  cut_test: 'Entrenado con todo y preguntado por {{test}}.',
  verdict:
    'De {{failures}} fallos, se habría avisado a tiempo de {{caught}}, la mitad con al menos {{lead}} de antelación. De {{pages}} avisos, {{right}} habrían acertado.',
  verdict_none:
    'No se habría avisado a tiempo de ninguno de los {{failures}} fallos; de {{pages}} avisos, {{right}} habrían acertado.',
  verdict_no_threshold:
    'No se habría avisado de nada: con los datos anteriores, ningún umbral acertaba en el {{precision}} de sus avisos. Las probabilidades a {{horizon}} ahorran aun así un {{skill}} del error de decir siempre lo mismo, y sirven para ordenar.',
  verdict_no_failures:
    'En el tiempo preguntado no hubo ningún fallo, así que no había nada que anticipar. Los avisos que hubo son falsos.',
  verdict_unjudged:
    'Todavía no se puede ver qué siguió a las filas predichas, así que no hay nada que juzgar. Las predicciones están en predictions.csv.',
  missing:
    'No hay pruebas suficientes para un modelo: {{missing}} Las predicciones son lo que dicen los fallos pasados por sí solos.',
  held_out:
    'No se sabe qué fue de las entidades del archivo de prueba. Las cifras de aquí son de entidades apartadas del entrenamiento, juzgadas con un modelo de las demás.',
  leak_knows:
    'La columna {{column}} dice el futuro mismo ({{strength}}), como una etiqueta o una cuenta atrás. Ninguna cifra de aquí es creíble mientras no se quite.',
  leak_late: 'La columna {{column}} cambia con el fallo y no antes ({{strength}}): no avisa de nada.',
  leak_aftermath:
    'La columna {{column}} habla del fallo anterior ({{strength}}), como lo que escribe un proceso de incidencias; del próximo no dice nada por sí sola.',
  thin_cuts_one:
    'En {{count}} de {{all}} cortes no había pruebas suficientes para un modelo: lo dicho hasta el siguiente es lo que dicen los fallos pasados por sí solos.',
  thin_cuts_other:
    'En {{count}} de {{all}} cortes no había pruebas suficientes para un modelo: lo dicho hasta el siguiente es lo que dicen los fallos pasados por sí solos.',
  thin_tuning:
    'Sin su parte más reciente no había pruebas suficientes para un modelo, así que los umbrales se basan en lo que dicen los fallos pasados por sí solos: {{missing}}',
  thin_held_out:
    'Sin las entidades apartadas no había pruebas suficientes para un modelo, así que las cifras de aquí son de lo que dicen los fallos pasados por sí solos: {{missing}}',
  note_zones: 'Los momentos de {{unnamed}} no llevan zona horaria y cuentan como UTC; los de {{named}} sí la llevan.',
  note_unsorted_one: '{{count}} fila estaba antes que otra anterior de la misma entidad. Se ordenaron por tiempo.',
  note_unsorted_other: '{{count}} filas estaban antes que otra anterior de la misma entidad. Se ordenaron por tiempo.',
  note_repeated_one: '{{count}} fila repite entidad y momento. Se predijeron ambas, en el orden del archivo.',
  note_repeated_other: '{{count}} filas repiten entidad y momento. Se predijeron todas, en el orden del archivo.',
  note_strangers_one: '{{count}} fallo es de una entidad sin filas. Se pasó por alto.',
  note_strangers_other: '{{count}} fallos son de entidades sin filas. Se pasaron por alto.',
  note_before_one: '{{count}} fallo es anterior a la primera fila de su entidad. Solo cuenta como pasado.',
  note_before_other: '{{count}} fallos son anteriores a la primera fila de su entidad. Solo cuentan como pasado.',
  note_left: 'Las columnas de texto no son características: {{columns}}.',
  precision: 'Precisión',
  recall: 'Exhaustividad',
  lead: 'Antelación',
  lead_note: 'mediana de los anticipados',
  false_alarms: 'Avisos falsos',
  false_note: 'por 100 entidades y día',
  false_note_own: 'por 100 entidades y unidad de tiempo',
  skill: 'Mejora de Brier',
  ratio: 'Esperado ÷ observado',
  tiles_note: 'Para fallos antes de {{horizon}}, el horizonte con más mejora. Los márgenes son intervalos del 95 %.',
  horizons_title: 'Todos los horizontes',
  horizons_text:
    'El área bajo precisión y exhaustividad (AUPRC) dice cómo de bien se ordenan las filas; al azar vale la proporción que falló. La mejora de Brier es lo que se ahorra del error de una constante que conociera esa proporción. Esperado ÷ observado vale 1 si las probabilidades significan lo que dicen.',
  horizon: 'Horizonte',
  rows: 'Filas',
  came: 'Fallaron antes',
  auprc: 'AUPRC',
  brier: 'Brier',
  tenth: 'ídem, décimo de más riesgo',
  threshold: 'Umbral',
  calibration_title: '¿Significan las probabilidades lo que dicen?',
  calibration_text:
    'Cada punto es un grupo de filas: en horizontal lo que se dijo, en vertical lo que pasó. En la línea discontinua ambas cosas coinciden. Las líneas finas indican cuánto puede mover un punto el azar; las barras del pie, cuántas filas hay detrás (en escala logarítmica).',
  within: 'Fallo antes de {{horizon}}',
  counts: '{{rows}} filas; a {{positives}} les siguió un fallo.',
  predicted: 'se dijo',
  observed: 'pasó',
  bin: 'se dijo {{predicted}}, pasó {{observed}}, {{count}} filas',
  reliability_label: 'Diagrama de fiabilidad de {{name}}: probabilidad dicha frente a proporción que pasó',
  paging_title: 'De qué se habría avisado',
  paging_text:
    'El contrato: que acierte el {{precision}} de los avisos, al menos {{lead}} antes del fallo. El umbral se eligió con datos anteriores que su modelo no había aprendido; se muestra el fallo antes de {{horizon}}.',
  curve_title: 'Todos los demás umbrales',
  curve_text: 'El punto es el umbral que eligió el contrato.',
  curve_none: 'Ningún umbral cumplió el contrato con los datos anteriores.',
  curve_label: 'Precisión frente a exhaustividad, con cada umbral',
  chosen: 'umbral {{threshold}}',
  lead_title: 'Si se pide más antelación',
  lead_text: 'Los mismos avisos, contados como aciertos solo si llegaron con esa antelación.',
  lead_axis: 'antelación mínima',
  lead_label: 'Precisión y exhaustividad según la antelación',
  share: 'proporción',
  days_title: 'Avisos a lo largo del tiempo',
  days_text: 'Cada barra son {{width}}.',
  days_label: 'Avisos acertados y falsos, una barra por {{width}}',
  day: 'desde {{from}}: {{right}} acertados, {{wrong}} falsos',
  right: 'acertados',
  wrong: 'falsos o tardíos',
  rivals_title: 'Frente a lo que diría cualquiera',
  rivals_text:
    'Las mismas filas, el mismo pasado, sin modelo. Un modelo que no gana a estos métodos no se gana el puesto.',
  rivals_chart: 'AUPRC, cuanto más mejor',
  rivals_ratio: 'Cuántas veces mejor',
  rivals_label: 'AUPRC del modelo y de métodos ingenuos',
  rival_base: 'frecuencia media',
  rival_recent: 'los fallos recientes de la entidad',
  rival_line: 'una recta por la mejor característica',
  rival_in_force: 'el modelo en uso',
  times: '{{ratio}} veces «{{name}}» (de {{low}} a {{high}})',
  in_force_none: 'No se dio ningún modelo en uso: --model pone uno al lado, tal como lo escribe vigia models export.',
  in_force:
    'El modelo en uso es {{version}} y aprendió hasta {{to}}; están {{found}} de las {{columns}} características que lee.',
  in_force_knows: 'Aprendió de parte del tiempo que aquí se juzga, así que sus cifras lo favorecen.',
  model_history: 'fallos pasados',
  model_learnt: 'el modelo',
  model_history_long:
    'Solo fallos pasados: con qué frecuencia falló cada entidad de un tiempo a esta parte; lo que le falta en pruebas lo toma de las que se le parecen y de la flota.',
  model_learnt_long:
    'Árboles potenciados y LSTM como riesgos por intervalos, combinados y calibrados con datos que no habían aprendido.',
  failures_title: 'Cada fallo y lo que se dijo antes',
  failures_text:
    'De izquierda a derecha hacia el fallo; cuanto más intenso el color, mayor la probabilidad que se dijo.',
  no_failures: 'No había ningún fallo del que se pudiera avisar.',
  failure: 'Fallo',
  before: '{{ahead}} antes',
  at_failure: 'fallo',
  paged: 'Aviso',
  missed: 'sin aviso',
  caught: '{{lead}} antes',
  said: '{{ahead}} antes: {{chance}}',
  more_one: '{{count}} más',
  more_other: '{{count}} más',
  in_json: 'Se muestran {{shown}} de {{count}}; report.json contiene más.',
  shading: 'La marca vertical es el aviso.',
  cost_title: 'Lo que habría valido',
  cost_text:
    'Una estimación, con estos supuestos: un fallo cuesta {{failure}} minutos, un aviso {{page}} minutos de una persona, y un aviso a tiempo ahorra el {{share}} del fallo. Pon los tuyos: los recuentos están arriba.',
  cost_result: '{{saved}} horas ahorradas y {{spent}} gastadas en avisos: {{won}} horas ganadas.',
  cost_even: 'Compensa mientras un aviso cueste menos de {{minutes}} minutos.',
  made_title: 'Cómo se hizo',
  made_data: 'Datos',
  made_data_value: '{{rows}} filas, {{entities}} entidades, {{failures}} fallos, {{columns}} características',
  made_training: 'Entrenamiento',
  made_training_value:
    '{{rows}} filas de {{entities}} entidades con {{failures}} fallos, todas anteriores al último corte',
  made_judged: 'Juzgado',
  made_judged_value:
    '{{rows}} filas de {{entities}} entidades, {{days}} días de entidad (o unidades de tiempo si no hay días)',
  made_model: 'Modelo',
  made_intervals: 'Intervalos',
  made_intervals_value:
    '95 %, sorteando de nuevo entidades enteras, o tramos de su tiempo si son pocas: las filas de una entidad no son independientes.',
  made_page: 'Un aviso',
  made_page_value:
    'La probabilidad alcanza el umbral; después, silencio durante el horizonte o hasta el fallo. Acierta si el fallo llega dentro del horizonte y no antes de la antelación mínima. Lo que nadie pudo ver queda fuera.',
  footer:
    'Hecho por vigia backtest. Las cifras de esta página están en report.json; cada predicción, en predictions.csv.',
};
