import { describe, expect, it } from 'vitest';
import { createText } from '../text/text.ts';
import type { SyntaxFault } from './series-text.ts';

/** The compiler sees to it that none is forgotten. */
const faults: Readonly<Record<SyntaxFault, true>> = {
  name: true,
  label_name: true,
  label_equals: true,
  label_quote: true,
  label_unclosed: true,
  label_separator: true,
  label_repeated: true,
  value: true,
  timestamp: true,
  trailing: true,
  metadata: true,
  after_eof: true,
  no_eof: true,
  json: true,
  json_shape: true,
};

describe.each(['en', 'es'] as const)('what is wrong with a line, in %s', (language) => {
  it.each(Object.keys(faults))('%s has words', (fault) => {
    const words = createText()(language);
    const key = `collect.detail_${fault}`;
    const detail = words.phrase({ key, values: {} });
    expect(detail).not.toBe(key);
    expect(words.phrase({ key: `collect.fault_${fault}`, values: { line: 7 } })).toContain(detail);
    expect(words.phrase({ key: `collect.fault_${fault}`, values: { line: 7 } })).toContain('7');
  });
});
