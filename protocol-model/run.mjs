// node run.mjs            all scenarios (repaired protocol must hold, every mutant must be caught), 2 processes
// node run.mjs --traces   also print the counterexamples;   --only=TEXT  only scenarios whose name contains TEXT
import { fork } from 'node:child_process';
import { consumerModel } from './consumer-model.mjs';
import { explore } from './engine.mjs';
import { groupViewsModel } from './group-views-model.mjs';
import { idsModel } from './ids-model.mjs';
import { model } from './main-model.mjs';
import { orderModel } from './order-model.mjs';
import { progressModel } from './progress-model.mjs';
import * as P from './progress-scenarios.mjs';
import * as S from './scenarios.mjs';
import { versionModel } from './version-model.mjs';

const only = (process.argv.find((a) => a.startsWith('--only=')) || '--only=').slice(7),
  traces = process.argv.includes('--traces');
const kinds = [
  [model, S.good, S.mutants],
  [orderModel, S.ord, S.ordMut],
  [idsModel, S.ids, S.idsMut],
  [consumerModel, S.con, S.conMut],
  [groupViewsModel, S.views, S.viewsMut],
  [versionModel, S.ver, S.verMut],
  [progressModel, P.good, [...P.mutants, ...P.windows]],
];
const jobs = [
  ...kinds.flatMap(([f, g]) => g.map((c) => [f, c, 1])),
  ...kinds.flatMap(([f, , m]) => m.map((c) => [f, c, 0])),
].filter((j) => j[1].name.includes(only));
if (process.send) {
  process.on('message', (i) => {
    if (i < 0) process.exit(0);
    const [f, c] = jobs[i];
    const r = explore({ ...f(c), maxStates: 4e6, maxMs: 900e3 });
    delete r.state;
    process.send([i, r]);
  });
  process.send([-1]);
} else {
  const res = [],
    t0 = Date.now();
  let nx = 0,
    live = 2,
    fail = 0;
  for (let w = 0; w < 2; w++) {
    const p = fork(new URL(import.meta.url).pathname, process.argv.slice(2), {
      execArgv: ['--max-old-space-size=3500'],
    });
    p.on('message', ([i, r]) => {
      if (i >= 0) res[i] = r;
      p.send(nx < jobs.length ? nx++ : -1);
    });
    p.on('exit', () => {
      if (--live) return;
      let st = 0,
        tr = 0;
      jobs.forEach(([, c, must], i) => {
        const r = res[i] || {};
        const ok = must ? r.complete && !r.idle.length : !!r.bad;
        if (!ok) fail++;
        st += r.states | 0;
        tr += r.trans | 0;
        console.log(
          `${ok ? 'ok  ' : 'FAIL'} ${must ? 'holds   ' : 'caught  '} ${c.name}: ${r.states} states, ${r.trans} transitions, depth ${r.depth}, ${(r.ms / 1000).toFixed(1)} s${r.bad ? ` -> ${r.bad}` : ''}${r.limit ? ' LIMIT' : ''}${must && r.idle?.length ? ` NEVER HAPPENED: ${r.idle}` : ''}`,
        );
        if (must && r.fired)
          console.log(
            `       ${Object.entries(r.fired)
              .map(([k, n]) => `${k} ${n}`)
              .join(', ')}`,
          );
        if (r.trace && (traces || must))
          console.log(r.trace.map((x, k) => `       ${k + 1}. ${x}`).join('\n'));
      });
      console.log(
        `${jobs.length} scenarios, ${fail} not as expected, ${st} states, ${tr} transitions, ${((Date.now() - t0) / 1000).toFixed(0)} s`,
      );
      process.exitCode = fail ? 1 : 0;
    });
  }
}
