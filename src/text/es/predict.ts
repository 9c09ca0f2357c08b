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
  failed: 'Ha fallado: {{kind}}.',
  calm: 'El riesgo de fallo ha pasado.',
} as const;
