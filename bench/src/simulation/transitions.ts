/** What has to meet every fault: the operations of hosts that the product uses, and the decisions of T. */
export const TRANSITIONS: readonly string[] = [
  ...['createOpen', 'append', 'seal', 'trim', 'raise', 'drop', 'read', 'seek', 'frontier'],
  ...['createFloor', 'describe', 'list', 'forgetIds', 'usage', 'identify'],
  ...['settleOpenings', 'restructure', 'settleRestructure', 'beginReadmission', 'readmitBatch'],
  ...['publishIncarnation', 'markGone', 'dropGarbage', 'snapshot', 'changesAfter'],
];
