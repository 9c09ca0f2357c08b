/** What is wrong with a file that a command reads or writes: where, what, and the cure. */
export const files = {
  missing: '{{file}}:1: there is no such file. Check the path.',
  unreadable: '{{file}}:1: it cannot be read ({{detail}}). Check the path and its rights.',
  folder: '{{file}}:1: this is a folder. Name a file.',
  empty: '{{file}}:1: it is empty. Give a file with at least one row.',
  headerOnly: '{{file}}:{{line}}: nothing follows the header. Give a file with at least one row.',
  gzip: '{{file}}:{{line}}: the compressed data ends early or is damaged. Compress or copy the file again.',
  quotes:
    '{{file}}:{{line}}: a quotation mark is not closed, or stands inside a field. Write " as "" inside a quoted field.',
  tooLong:
    '{{file}}:{{line}}: the row has more than {{limit, bytes}} of text. Remove the text column, or close its quotation mark.',
  ragged: '{{file}}:{{line}}: {{found}} fields where line {{first}} has {{expected}}. Give every row as many.',
  duplicate: '{{file}}:{{line}}: the column {{column}} is there twice. Rename one of them.',
  time: '{{file}}:{{line}}: "{{found}}" is not a time. Write 2026-01-31T23:59:00Z, or seconds since 1970.',
  number:
    '{{file}}:{{line}}: "{{found}}" in column {{column}} is not a number. Correct it, or leave it empty where the value is missing.',
  noNumbers:
    '{{file}}:{{line}}: no column holds numbers. Give at least one besides the time, and separate fields by commas.',
  manyColumns: '{{file}}:{{line}}: {{found}} columns; at most {{limit}} can be scored. Choose fewer.',
  manyRows: '{{file}}:{{line}}: more than {{limit}} rows. Split the file.',
  manyCells: '{{file}}:{{line}}: more than {{limit}} cells. Split the file, or choose fewer columns.',
  columnMissing:
    '{{file}}:{{line}}: the column {{column}} of {{other}} is not there. Give both files the same columns.',
  columnUnknown: '{{file}}:{{line}}: the column {{column}} is not in {{other}}. Give both files the same columns.',
  columnsDiffer:
    '{{file}}:{{line}}: {{found}} columns where {{other}} has {{expected}}. Give both files the same columns.',
  timeDiffers: '{{file}}:{{line}}: only one of this file and {{other}} has a time column. Give both one, or none.',
  headerDiffers: '{{file}}:{{line}}: only one of this file and {{other}} has a header. Give both one, or none.',
  unwritable: '{{file}}:1: it cannot be written ({{detail}}). Check the folder and its rights.',
  overwrites: '{{file}}:1: this file is read, so it cannot be written too. Choose another name for the result.',
  badTime: '{{file}}:{{line}}: "{{found}}" is not a time. Write a number, or a date such as 2026-01-31T23:59:00Z.',
  numberAmongDates:
    '{{file}}:{{line}}: "{{found}}" is a number where the other times are dates. Write dates in all files.',
  dateAmongNumbers:
    '{{file}}:{{line}}: "{{found}}" is a date where the other times are numbers. Write numbers in all files.',
  mixedZones:
    '{{file}}:{{line}}: of "{{found}}" and line {{first}} only one names a time zone. Add a zone to every time, or to none (UTC).',
  noColumn: '{{file}}:{{line}}: there is no column {{column}}, only {{found}}. Name it with {{option}}.',
  sameColumn: '{{file}}:{{line}}: the column {{column}} cannot be entity and time at once. Name two columns.',
  noEntity: '{{file}}:{{line}}: the column {{column}} is empty. Name the entity in every row.',
  notModel:
    '{{file}}:1: this is no failure model that can be read ({{detail}}). Export it again with vigia models export.',
  noHeader: '{{file}}:{{line}}: there is no column {{column}}, only {{found}}. Begin the file with {{expected}}.',
} as const;
