import { expect, it } from 'vitest';
import { openApi, openStore } from './check-api.ts';

it('OTLP logs say how many were dropped and why, in the encoding of the question, with 200', async () => {
  const store = await openStore();
  const { app } = openApi(store, { deps: { ingestOtlpLogs: async () => ({ dropped: 3 }) } });
  const send = (type: string) =>
    app.inject({ method: 'POST', url: '/v1/logs', payload: '{}', headers: { 'content-type': type } });
  const json = await send('application/json');
  expect(json.statusCode).toBe(200);
  const { partialSuccess } = json.json<{ partialSuccess: { rejectedLogRecords: string; errorMessage: string } }>();
  expect(partialSuccess).toEqual({ rejectedLogRecords: '3', errorMessage: expect.stringMatching(/\w/) });
  const binary = await send('application/x-protobuf');
  const text = Buffer.from(partialSuccess.errorMessage);
  // Field 1, a message: field 1 is 3, field 2 the text.
  const message = Buffer.concat([Buffer.from([0x08, 3, 0x12, text.length]), text]);
  expect(binary.statusCode).toBe(200);
  expect(binary.rawPayload).toEqual(Buffer.concat([Buffer.from([0x0a, message.length]), message]));
  await app.close();
  await store.close();
});
