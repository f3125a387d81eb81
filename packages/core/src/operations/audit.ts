/** The audit log: what people and programs asked for, and what became of it. */
import { z } from 'zod';
import { PRINCIPAL_KINDS } from '../access/index.ts';
import { AUDIT_OUTCOMES, AUDIT_SURFACES } from '../audit/index.ts';
import { time } from './fields.ts';
import { query, RESOURCES } from './operation.ts';

const LISTED_MAX = 1_000;
const LISTED_DEFAULT = 100;

const rowId = z.string().regex(/^\d{1,18}$/, 'a number of a row is needed');

const recordSchema = z
  .strictObject({
    id: rowId.describe('of its last row'),
    at: z.iso.datetime().describe('when it was asked for'),
    endedAt: z.iso.datetime().describe('when its last row was written'),
    outcome: z
      .enum(AUDIT_OUTCOMES)
      .describe(
        'carried out, unknown: its process or the database was lost before its end was recorded; a change of the topology names it, or none does',
      ),
    actorKind: z.enum(PRINCIPAL_KINDS),
    actor: z.string().describe('e-mail of a person, name of a token or a process'),
    actorId: z.string(),
    session: z.string().nullable().describe('id of the session; null: there was none'),
    address: z.string().describe('of the client; empty where there is none'),
    surface: z.enum(AUDIT_SURFACES),
    operation: z.string(),
    resource: z.string(),
    target: z.string().describe('what it was about; empty: the whole cluster'),
    requestId: z.string(),
    reason: z.string(),
    code: z.string().nullable().describe('of the refusal'),
    detail: z.string().nullable(),
    seal: z.int().nullable().describe('number in the chain; null: not sealed yet'),
  })
  .meta({ id: 'AuditRecord' });

const entrySchema = recordSchema
  .extend({
    input: z.json().describe('without secrets; long texts and lists are cut'),
    before: z.json().describe('of what was changed; null: not known'),
    after: z.json().describe('of what was changed, or the answer'),
  })
  .meta({ id: 'AuditEntry' });

const chainSchema = z
  .strictObject({
    head: z
      .strictObject({ number: z.int(), hash: z.string(), at: z.iso.datetime() })
      .nullable()
      .describe('newest seal; null: nothing was sealed yet, or no worker has told'),
    unsealed: z.int().describe('rows without a seal, counted each minute'),
    verified: z
      .strictObject({ to: z.int(), at: z.iso.datetime() })
      .nullable()
      .describe('up to which seal, and when, a worker verified the whole chain'),
    fault: z.string().nullable().describe('what is wrong with the chain; null: nothing was found'),
  })
  .meta({ id: 'AuditChain' });

const common = { resource: 'audit log', permission: 'audit:read' } as const;
const tag = 'administration';

export const audit = {
  list: query({
    ...common,
    name: 'audit.list',
    input: z.strictObject({
      actor: z.string().min(1).max(300).optional().describe('only by this person, token or process'),
      operation: z.string().min(1).max(100).optional().describe('only this operation: hosts.drain'),
      resource: z
        .enum([...new Set([...RESOURCES, 'session', 'user', 'view'])])
        .optional()
        .describe('only what is about this: host'),
      outcome: z.enum(AUDIT_OUTCOMES).optional().describe('only with this outcome'),
      from: time.unwrap().optional().describe('not before'),
      to: time.unwrap().optional().describe('before'),
      text: z.string().min(1).max(200).optional().describe('somewhere in what is recorded'),
      cursor: rowId.optional().describe('`next` of the page before'),
      limit: z.int().min(1).max(LISTED_MAX).default(LISTED_DEFAULT).describe('at most so many'),
    }),
    output: z.strictObject({
      records: z.array(recordSchema),
      next: rowId.nullable().describe('cursor of the next page; null: there is none'),
    }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/audit',
      operationId: 'listAudit',
      summary: 'What was asked for, and what became of it',
      description: 'Newest first: every order and every denial, with who, from where and why.',
      answers: { 200: 'The records' },
    },
  }),
  chain: query({
    ...common,
    name: 'audit.chain',
    input: z.strictObject({}),
    output: chainSchema,
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/audit/chain',
      operationId: 'readAuditChain',
      summary: 'Head of the chain over the audit log',
      description:
        'As the worker that seals has found it last. "foreshard audit verify" verifies the chain itself.',
      answers: { 200: 'The chain' },
    },
  }),
  show: query({
    ...common,
    name: 'audit.show',
    input: z.strictObject({ id: rowId.describe('of one of its rows') }),
    output: entrySchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/audit/{id}',
      operationId: 'readAuditEntry',
      summary: 'One order or denial',
      description: 'With its input, and what it changed.',
      answers: { 200: 'The entry' },
    },
  }),
} as const;
