/**
 * What has to meet every fault: the operations of hosts that the product uses, and the decisions of the topology
 * store.
 */
export const TRANSITIONS: readonly string[] = [
  ...[
    'createOpen',
    'createShadow',
    'append',
    'seal',
    'ingest',
    'ingestIds',
    'digest',
    'trim',
    'ready',
    'open',
  ],
  ...['raise', 'drop', 'read', 'readIds', 'seek', 'news', 'promise'],
  ...['createFloor', 'describe', 'list', 'forgetIds', 'usage', 'identify', 'mark', 'admit'],
  ...['settleOpenings', 'restructure', 'settleRestructure', 'beginReadmission', 'readmitBatch'],
  ...['prepareMigration', 'commitMigration', 'abortMigration', 'commitClosedMove', 'abortClosedMove'],
  ...['publishIncarnation', 'markGone', 'dropGarbage', 'snapshot', 'changesAfter'],
  ...['suspendHost', 'acceptLoss', 'readmitRemnants', 'proofs', 'replaceProofs'],
];
