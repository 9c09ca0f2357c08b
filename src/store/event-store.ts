import type { Event } from '../model/event.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { EventStore } from './store.ts';

const { json, plain, time } = record;

const EVENTS: RecordTable<Event> = {
  name: 'events',
  sort: 'time',
  columns: {
    id: plain('id'),
    time: time('time'),
    entity: plain('entity'),
    fleet: plain('fleet'),
    name: plain('name'),
    source: plain('source'),
    severity: plain('severity'),
    text: plain('text'),
    labels: json('labels'),
  },
};

export function createEventStore(database: Database): EventStore {
  return {
    append: async (events) => {
      await record.insertRecords(database, EVENTS, events);
    },
    list: (query) =>
      record.pageOfRecords(database, EVENTS, {
        query,
        where: [record.equals('entity', query.entity), record.within('time', query.range)],
      }),
  };
}
