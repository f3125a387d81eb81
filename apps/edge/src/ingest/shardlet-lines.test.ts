/** The order in which what waits for a host goes there. */
import { expect, test } from 'vitest';
import { Intake, runOf } from './intake.ts';
import { STREAM } from './sample-stream.fixture.ts';
import { type ShardletLine, ShardletLines } from './shardlet-lines.ts';

/** A request whose events go to the given shardlets, in order. */
function request(...shardlets: number[]): Intake {
  const bounds = { from: shardlets.map(() => 0), to: shardlets.map(() => 0) };
  const intake = new Intake(STREAM, Buffer.alloc(0), bounds, { tokenTs: 0, nowMicros: 0 });
  intake.shardlet.set(shardlets);
  return intake;
}

const whole = (intake: Intake) =>
  runOf(
    intake,
    Array.from({ length: intake.count }, (_, i) => i),
  );

function takeAll(lines: ShardletLines): [number, number][] {
  const order: [number, number][] = [];
  for (let line = lines.first(); line !== undefined; line = lines.first()) {
    order.push([line.shardlet, line.indices.length]);
    lines.take(line, line.indices.length);
  }
  return order;
}

test('events of one shardlet stand together, the line that has waited longest first', () => {
  const lines = new ShardletLines();
  lines.push(whole(request(7, 8, 7)));
  lines.push(whole(request(9, 7)));
  expect(takeAll(lines)).toEqual([
    [7, 3],
    [8, 1],
    [9, 1],
  ]);
  expect(lines.isEmpty).toBe(true);
});

test('what is left of a line keeps its order and lets the others go first', () => {
  const lines = new ShardletLines();
  const hot = request(7, 7, 7, 8);
  lines.push(whole(hot));
  lines.take(lines.first()!, 2);
  expect(takeAll(lines)).toEqual([
    [8, 1],
    [7, 1],
  ]);
  lines.push(whole(hot));
  lines.take(lines.first()!, 1);
  const rest = [...linesOf(lines)].find((line) => line.shardlet === 7)!;
  expect(rest.indices).toEqual([1, 2]);
});

test('what comes back goes before what came meanwhile, in its line and among the lines', () => {
  const lines = new ShardletLines();
  const [earlier, later] = [request(7, 8), request(9, 7)];
  lines.push(whole(later));
  lines.pushFront([whole(earlier)]);
  const seven = lines.first()!;
  expect(seven.intakes).toEqual([earlier, later]);
  expect(takeAll(lines)).toEqual([
    [7, 2],
    [8, 1],
    [9, 1],
  ]);
});

test('what waits for a shardlet on its way is not taken before that has arrived', () => {
  const lines = new ShardletLines();
  const intake = request(7, 7, 8);
  lines.push(whole(intake));
  lines.take(lines.first()!, 1);
  lines.depart([7]);
  lines.push(whole(request(7, 9)));
  lines.pushFront([whole(request(7))]);
  expect(takeAll(lines)).toEqual([
    [8, 1],
    [9, 1],
  ]);
  expect(lines.isEmpty).toBe(true);
  lines.arrived([7]);
  expect(lines.first()!.indices).toEqual([0, 1, 0]);
  expect(takeAll(lines)).toEqual([[7, 3]]);
});

test('draining answers everything as runs, in order', () => {
  const lines = new ShardletLines();
  const intake = request(7, 8, 7);
  lines.push(whole(intake));
  lines.depart([8]);
  expect(lines.drain().map((run) => run.indices)).toEqual([[0, 2], [1]]);
  expect(lines.isEmpty).toBe(true);
});

function* linesOf(lines: ShardletLines): Generator<ShardletLine> {
  for (let line = lines.first(); line !== undefined; line = lines.first()) {
    yield line;
    lines.take(line, line.indices.length);
  }
}
