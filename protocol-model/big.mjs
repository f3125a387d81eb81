import { explore } from './engine.mjs';
import { model } from './main-model.mjs';

const L = [
  {
    name: 'BIG1 2 keys 4 events, 2 mig + split + abort, any order',
    keys: [0, 0, 1, 1],
    bud: { mig: 2, split: 1, abort: 1 },
    maxR: 2,
  },
  {
    name: 'BIG2 2 mig + split + merge + abort, 2 events, maxR 4',
    keys: [0, 1],
    bud: { mig: 2, split: 1, merge: 1, abort: 1 },
    maxR: 4,
  },
  {
    name: 'BIG3 3 hosts 3 mig 1 abort 3 events reader',
    hosts: 3,
    keys: [0, 0, 0],
    bud: { mig: 3, abort: 1 },
    maxR: 3,
    reader: true,
  },
  {
    name: 'BIG4 split+mig+mig+arc reader, 2 events',
    keys: [0, 0],
    bud: { mig: 2, split: 1, arc: 1 },
    maxR: 3,
    emptySplit: true,
    reader: true,
  },
];
const c = L[+process.argv[2]];
const r = explore({ ...model(c), maxStates: 12e6, maxMs: 500e3 });
console.log(
  `${r.bad ? 'VIOLATION' : r.complete ? 'holds' : 'bounded'} ${c.name}: states ${r.states} trans ${r.trans} depth ${r.depth} ${(r.ms / 1000).toFixed(1)}s ${r.bad || ''}`,
);
if (r.trace) console.log(r.trace.map((x, i) => `    ${i + 1}. ${x}`).join('\n'));
