import type { collect as english } from '../en/collect.ts';

const details = {
  name: 'falta el nombre de la métrica o contiene un carácter no permitido',
  label_name: 'falta el nombre de una etiqueta o contiene un carácter no permitido',
  label_equals: 'a una etiqueta le falta el «=»',
  label_quote: 'el valor de una etiqueta no está entre comillas dobles',
  label_unclosed: 'las etiquetas o el valor de una etiqueta no se cierran',
  label_separator: 'falta una coma entre las etiquetas',
  label_repeated: 'el nombre de una etiqueta aparece dos veces',
  value: 'el valor no es un número',
  timestamp: 'la marca de tiempo no es un número válido',
  trailing: 'hay algo detrás que no debería estar ahí',
  metadata: 'la línea TYPE o UNIT no tiene sentido',
  after_eof: 'hay algo después de «# EOF»',
  no_eof: 'la página termina sin «# EOF», así que puede estar cortada',
  json: 'no es JSON',
  json_shape: 'una muestra necesita nombre y valor: {"name": "…", "labels": {…}, "time": …, "value": 1}',
} as const;

type Fault = keyof typeof details;

const faults = Object.fromEntries(
  Object.entries(details).flatMap(([fault, detail]) => [
    [`detail_${fault}`, detail],
    [`fault_${fault}`, `La línea {{line}} no es válida: ${detail}. No se ha tomado nada de esta página.`],
  ]),
) as Record<`detail_${Fault}` | `fault_${Fault}`, string>;

export const collect: Record<keyof typeof english, string> = {
  logFileUnreadable: 'No se puede leer el archivo de registro {{path}}: {{detail}}',
  journalUnreadable: 'No se puede leer el journal; se volverá a intentar: {{detail}}',
  logsFault: 'No se pudo aceptar lo recibido: {{detail}}',
  ...faults,
  engineUnreachable: 'El motor de contenedores en {{socket}} no responde: {{detail}}.',
  programFailed: 'No se pudo ejecutar {{program}}: {{detail}}.',
  scrapeUnreachable: 'No se puede acceder a {{url}}: {{detail}}.',
  scrapeTimeout: '{{url}} no respondió en {{seconds}} s.',
  scrapeStatus: '{{url}} respondió {{status}}.',
  scrapeTooLarge: '{{url}} envió más de {{limit, bytes}}; no se ha tomado nada.',
  scrapeSampleLimit:
    '{{url}} tiene {{count}} muestras, más que el límite de {{limit}}; no se ha tomado nada. Las que más: {{worst}}.',
  scrapeEncoding: '{{url}} envió algo que no se puede descomprimir; no se ha tomado nada.',
  sourceFailed: 'Ha fallado: {{detail}}. Se vuelve a ejecutar tras una pausa.',
};
