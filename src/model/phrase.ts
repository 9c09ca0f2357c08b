import { type Static, Type } from 'typebox';

/**
 * A sentence for an operator before it has a language: a key of the catalogues in `text/` and the values to fill in.
 * Stages store phrases; whoever shows one renders it in the reader's language.
 */
export const Phrase = Type.Object({
  key: Type.String({ description: 'Key in the text catalogue.' }),
  values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
});
export type Phrase = Static<typeof Phrase>;

export const phrase = (key: string, values: Phrase['values'] = {}): Phrase => ({ key, values });
