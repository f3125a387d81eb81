/** `npm run simulate -- --seeds N [--from SEED] [--coverage] [--trace] [--json]` */
import { parseArgs } from 'node:util';
import { Coverage } from '@foreshard/core/simulation';
import { planOf } from './plan.ts';
import { runPlan } from './run-seed.ts';
import { TRANSITIONS } from './transitions.ts';
import { installVirtualTime } from './virtual-process.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    coverage: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
installVirtualTime();
if (!values.trace) Error.stackTraceLimit = 3;
const coverage = new Coverage();
const from = Number(values.from);
let failed = 0;
const began = process.hrtime.bigint();
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const result = await runPlan(planOf(seed, TRANSITIONS), coverage, values.trace);
  if (values.trace) console.log(result.history().join('\n'));
  if (result.violations.length + result.defects.length > 0) {
    failed++;
    console.log(
      `seed ${seed}:`,
      result.violations.slice(0, 3).map((v) => `${v.invariant} ${v.detail}`),
      result.defects.slice(0, 2),
    );
  }
  if (values.trace) console.log(result.requests, result.acknowledged, result.virtualSeconds, result.events);
}
console.log(`${values.seeds} seeds, ${failed} failed, ${Number(process.hrtime.bigint() - began) / 1e9} s`);
if (values.coverage) {
  console.log(coverage.table(TRANSITIONS));
  console.log(coverage.gaps(TRANSITIONS).length, 'gaps');
}
