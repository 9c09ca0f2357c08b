import type { files as english } from '../en/files.ts';

export const files: Record<keyof typeof english, string> = {
  missing: '{{file}}:1: no existe ese archivo. Revisa la ruta.',
  unreadable: '{{file}}:1: no se puede leer ({{detail}}). Revisa la ruta y sus permisos.',
  folder: '{{file}}:1: es una carpeta. Indica un archivo.',
  empty: '{{file}}:1: está vacío. Usa un archivo con al menos una fila.',
  headerOnly: '{{file}}:{{line}}: no hay nada después de la cabecera. Usa un archivo con al menos una fila.',
  gzip: '{{file}}:{{line}}: los datos comprimidos están incompletos o dañados. Vuelve a comprimir o a copiar el archivo.',
  quotes:
    '{{file}}:{{line}}: hay unas comillas sin cerrar o en medio de un campo. Dentro de un campo entre comillas, escribe " como "".',
  tooLong:
    '{{file}}:{{line}}: la fila tiene más de {{limit, bytes}} de texto. Quita la columna de texto o cierra sus comillas.',
  ragged:
    '{{file}}:{{line}}: hay {{found}} campos y la línea {{first}} tiene {{expected}}. Pon los mismos en cada fila.',
  duplicate: '{{file}}:{{line}}: la columna {{column}} está dos veces. Cambia el nombre de una.',
  time: '{{file}}:{{line}}: "{{found}}" no es una fecha. Escribe 2026-01-31T23:59:00Z, o segundos desde 1970.',
  number:
    '{{file}}:{{line}}: "{{found}}", en la columna {{column}}, no es un número. Corrígelo, o déjalo vacío si el valor falta.',
  noNumbers:
    '{{file}}:{{line}}: ninguna columna tiene números. Pon al menos una además de la fecha, y separa los campos con comas.',
  manyColumns: '{{file}}:{{line}}: hay {{found}} columnas y se pueden puntuar {{limit}} como mucho. Elige menos.',
  manyRows: '{{file}}:{{line}}: hay más de {{limit}} filas. Divide el archivo.',
  manyCells: '{{file}}:{{line}}: hay más de {{limit}} celdas. Divide el archivo o elige menos columnas.',
  columnMissing:
    '{{file}}:{{line}}: falta la columna {{column}}, que está en {{other}}. Pon las mismas columnas en los dos archivos.',
  columnUnknown:
    '{{file}}:{{line}}: la columna {{column}} no está en {{other}}. Pon las mismas columnas en los dos archivos.',
  columnsDiffer:
    '{{file}}:{{line}}: hay {{found}} columnas y {{other}} tiene {{expected}}. Pon las mismas columnas en los dos archivos.',
  timeDiffers:
    '{{file}}:{{line}}: solo uno de este archivo y {{other}} tiene columna de tiempo. Ponla en los dos o en ninguno.',
  headerDiffers:
    '{{file}}:{{line}}: solo uno de este archivo y {{other}} tiene cabecera. Ponla en los dos o en ninguno.',
  unwritable: '{{file}}:1: no se puede escribir ({{detail}}). Revisa la carpeta y sus permisos.',
  overwrites:
    '{{file}}:1: este archivo se lee, así que no se puede escribir también. Elige otro nombre para el resultado.',
  badTime: '{{file}}:{{line}}: "{{found}}" no es un momento. Escribe un número o una fecha como 2026-01-31T23:59:00Z.',
  numberAmongDates:
    '{{file}}:{{line}}: "{{found}}" es un número y los demás momentos son fechas. Escribe fechas en todos los archivos.',
  dateAmongNumbers:
    '{{file}}:{{line}}: "{{found}}" es una fecha y los demás momentos son números. Escribe números en todos los archivos.',
  mixedZones:
    '{{file}}:{{line}}: entre "{{found}}" y la línea {{first}}, solo uno indica huso horario. Ponlo en todos los momentos o en ninguno (UTC).',
  noColumn: '{{file}}:{{line}}: no existe la columna {{column}}; solo {{found}}. Indícala con {{option}}.',
  sameColumn: '{{file}}:{{line}}: la columna {{column}} no puede ser a la vez entidad y momento. Indica dos columnas.',
  noEntity: '{{file}}:{{line}}: la columna {{column}} está vacía. Nombra la entidad en todas las filas.',
  notModel:
    '{{file}}:1: no es un modelo de fallos que se pueda leer ({{detail}}). Expórtalo de nuevo con vigia models export.',
  noHeader: '{{file}}:{{line}}: no existe la columna {{column}}; solo {{found}}. Empieza el archivo con {{expected}}.',
};
