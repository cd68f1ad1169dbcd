import { z } from 'zod';
import { sodLineSchema, sodRequestSchema, sodResponseSchema } from './sod-request.ts';

const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  field: z.string().optional().describe('The input field in question, as a path.'),
  rule: z.string().optional().describe('Identifier of the rule that is not kept.'),
  source: z.string().optional().describe('The clause or page that the rule stands in.'),
  mend: z.string().optional().describe('What the caller can do about it.'),
  outcome: z
    .enum(['not-applied', 'unknown'])
    .optional()
    .describe('With 503 and 504: whether it may have been signed, or may still be.'),
  retryAfter: z.int().optional().describe('Seconds after which to send it again, as Retry-After.'),
});

/** The answer to one line of a batch that has no SOD. */
const problemLineSchema = problemSchema.extend({
  line: z.int().optional().describe('Which line it was, from 1; absent where it is about the whole batch.'),
  requestId: z.string().optional().describe('Absent where the line has none that can be read.'),
});

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const sod = (description: string) => ({
  description,
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/SodResponse' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary', description: 'EF.SOD' } },
  },
});

const lines = (mediaTypes: readonly string[], schemas: readonly string[]) => {
  const references = schemas.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  const schema = { description: 'Of each line.', anyOf: references };
  return Object.fromEntries(mediaTypes.map((type) => [type, { schema }]));
};

const batchDescription =
  `Every line is what POST /v1/sods takes; empty lines are passed over. Every answer is what
it answers, with the status in it; answers find their line by requestId, not by position. A line that fails gets a
problem with its number and stops no other. Read answers while you send: when they are not read, nothing more is
read from you. An answer about the whole batch (408 nothing was sent for too long, 403 the certificate was revoked,
503 the service is stopping) has no line, and nothing follows but what was under way. After a lost connection ask
with GET /v1/sods/{requestId}, or send the batch again: the same bytes come back, and nothing is signed twice.`.replaceAll(
    '\n',
    ' ',
  );

/** RFC 7240 §4.3. */
const waitPreference = {
  name: 'Prefer',
  in: 'header',
  required: false,
  schema: { type: 'string', examples: ['wait=5'] },
  description:
    'wait=SECONDS: an answer comes within this time, whatever happens; without it within the time that is configured. Preference-Applied says what holds. For a batch it holds for each line, from when it is begun.',
};

const refusals = {
  '400': problem('Malformed: the field and what is wrong with it.'),
  '401': problem('No client certificate.'),
  '403': problem('Client certificate not of this instance, expired, or of another role.'),
};

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** OpenAPI 3.1 of the station API, from the schemas that its requests are parsed with. */
export function stationOpenApi(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sigillo station API',
      version: '1',
      description: 'Signing of EF.SOD (ICAO Doc 9303-10) for personalisation stations, over mTLS.',
    },
    security: [{ mutualTLS: [] }],
    paths: {
      '/v1/sods': {
        post: {
          operationId: 'signSod',
          summary: 'Sign the EF.SOD of one chip, exactly once per request id.',
          parameters: [waitPreference],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/SodRequest' } } },
          },
          responses: {
            '201': sod('Signed.'),
            '200': sod('Signed by an earlier request with this id: the same bytes.'),
            ...refusals,
            '409': problem('The request id was used for other content; nothing was signed.'),
            '413': problem('The body is over the limit.'),
            '415': problem('The body is not JSON.'),
            '422': problem('A rule forbids it: which, its clause, and the mend.'),
            '429': problem('The station has its share of what is worked on; repeat after Retry-After.'),
            '503': problem(
              'Token, signer or records do not answer, or the queue is full; repeat after Retry-After.',
            ),
            '504': problem(
              'Not done in the time that it had, and still under way; repeat after Retry-After.',
            ),
          },
        },
      },
      '/v1/sods/batch': {
        post: {
          operationId: 'signSods',
          summary: 'Sign many, each exactly once per request id: a document a line, both ways.',
          description: batchDescription,
          parameters: [waitPreference],
          requestBody: {
            required: true,
            content: lines(['application/x-ndjson', 'application/jsonl'], ['SodRequest']),
          },
          responses: {
            '200': {
              description: 'One line for each line, as soon as it is ready, in no order.',
              content: lines(['application/x-ndjson'], ['SodLine', 'ProblemLine']),
            },
            '401': refusals['401'],
            '403': refusals['403'],
            '415': problem('The body is not NDJSON.'),
            '429': problem('The station has its share of the batches; repeat after Retry-After.'),
            '503': problem('Too many batches at a time; repeat after Retry-After.'),
          },
        },
      },
      '/v1/sods/{requestId}': {
        get: {
          operationId: 'findSod',
          summary: 'The EF.SOD that was signed under a request id.',
          parameters: [{ name: 'requestId', in: 'path', required: true, schema: { type: 'string' } }],
          responses: { '200': sod('Found.'), ...refusals, '404': problem('Nothing was signed under it.') },
        },
      },
      '/v1/sods/{requestId}/proof': {
        get: {
          operationId: 'proveSod',
          summary: 'The proof that a SOD is in the log, against the published checkpoint. For auditors too.',
          description: 'The same file as sigillo export proof writes; sigillo verify checks it offline.',
          parameters: [{ name: 'requestId', in: 'path', required: true, schema: { type: 'string' } }],
          responses: {
            '200': {
              description: 'C2SP tlog-proof, with the leaf in its extra line.',
              content: { 'text/plain': { schema: { type: 'string' } } },
            },
            ...refusals,
            '404': problem('Nothing was signed under it.'),
            '409': problem('No published checkpoint covers it yet; ask again after Retry-After.'),
          },
        },
      },
    },
    components: {
      securitySchemes: { mutualTLS: { type: 'mutualTLS' } },
      schemas: {
        SodRequest: schemaOf(sodRequestSchema),
        SodResponse: schemaOf(sodResponseSchema),
        SodLine: schemaOf(sodLineSchema),
        Problem: schemaOf(problemSchema),
        ProblemLine: schemaOf(problemLineSchema),
      },
    },
  };
}
