/** What is wrong with a line of pushed or scraped text, after "Line 7 is not valid:". */
const details = {
  name: 'the metric name is missing or has a character that it may not have',
  label_name: 'a label name is missing or has a character that it may not have',
  label_equals: 'a label has no "="',
  label_quote: 'a label value is not in double quotes',
  label_unclosed: 'the labels or a label value do not end',
  label_separator: 'there is no comma between labels',
  label_repeated: 'a label name stands there twice',
  value: 'the value is not a number',
  timestamp: 'the time stamp is not a number of the right kind',
  trailing: 'something follows that does not belong there',
  metadata: 'the TYPE or UNIT line makes no sense',
  after_eof: 'something follows "# EOF"',
  no_eof: 'the page ends without "# EOF", so it may be cut',
  json: 'it is not JSON',
  json_shape: 'a sample needs a name and a value: {"name": "…", "labels": {…}, "time": …, "value": 1}',
} as const;

type Fault = keyof typeof details;

const faults = Object.fromEntries(
  Object.entries(details).flatMap(([fault, detail]) => [
    [`detail_${fault}`, detail],
    [`fault_${fault}`, `Line {{line}} is not valid: ${detail}. Nothing of this page was taken.`],
  ]),
) as Record<`detail_${Fault}` | `fault_${Fault}`, string>;

/** Why a source brought nothing. */
export const collect = {
  logFileUnreadable: 'The log file {{path}} cannot be read: {{detail}}',
  journalUnreadable: 'The journal cannot be read, it is tried again: {{detail}}',
  logsFault: 'What was received could not be taken: {{detail}}',
  ...faults,
  engineUnreachable: 'The container engine at {{socket}} does not answer: {{detail}}.',
  programFailed: '{{program}} could not be run: {{detail}}.',
  scrapeUnreachable: '{{url}} cannot be reached: {{detail}}.',
  scrapeTimeout: '{{url}} did not answer within {{seconds}} s.',
  scrapeStatus: '{{url}} answered {{status}}.',
  scrapeTooLarge: '{{url}} sent more than {{limit, bytes}}; nothing of it was taken.',
  scrapeSampleLimit:
    '{{url}} has {{count}} samples, more than the limit of {{limit}}; nothing of it was taken. Most: {{worst}}.',
  scrapeEncoding: '{{url}} sent something that cannot be unpacked; nothing of it was taken.',
  sourceFailed: 'It failed: {{detail}}. It is run again after a pause.',
} as const;
