import { Type } from 'typebox';
import { AuditEntry } from '../../model/failure.ts';
import type { Resource } from '../api-app.ts';
import { PageOf } from '../contract/views.ts';
import { EntityParameter, given, pageQuery, PageParameters, toPage } from '../queries.ts';

const SeriesView = Type.Object({
  key: Type.String(),
  name: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  type: Type.String(),
  unit: Type.String(),
  entity: Type.String(),
});

/** What was kept for the record: series, and who changed what. */
export const records: Resource = (app, { store }) => {
  app.get(
    '/series',
    {
      schema: {
        summary: 'Series, by their key',
        querystring: Type.Object({ ...PageParameters, ...EntityParameter }),
        response: { 200: PageOf(SeriesView) },
      },
    },
    ({ query }) => toPage(store.samples.series({ ...pageQuery(query), ...given({ entity: query.entity }) })),
  );

  app.get(
    '/audit',
    {
      schema: {
        summary: 'Who changed what, newest first',
        querystring: Type.Object(PageParameters),
        response: { 200: PageOf(AuditEntry) },
      },
    },
    ({ query }) => toPage(store.audit.list(pageQuery(query))),
  );
};
