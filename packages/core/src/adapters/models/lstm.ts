/**
 * A long short-term memory network by TensorFlow.js: native where tfjs-node is installed, else WASM. It reads the
 * last two days relative to their level and answers all steps ahead at once, so that no error is fed back.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Tf from '@tensorflow/tfjs';
import type { Forecast } from '../../forecast-models/index.ts';
import { momentsOf } from '../../forecast-models/index.ts';
import type { ModelTask } from './model-task.ts';
import { recentOf } from './recent.ts';

const STEPS_MAX = 1_000;
const WINDOW_MAX = 48;
const UNITS = 16;
const EPOCHS = 12;
const BATCH = 32;
const LEARNING_RATE = 0.01;
const SEED = 7;
/** windows kept out of the training, from whose errors the spread is taken */
const HELD_BACK_SHARE = 0.15;

interface Windows {
  readonly x: number[][][];
  readonly y: number[][];
}

export async function forecast(task: ModelTask): Promise<Forecast> {
  const tf = await tensorFlow();
  const values = recentOf(task, STEPS_MAX);
  const { mean, deviation } = momentsOf(values);
  const z = values.map((value) => (value - mean) / deviation);
  const window = Math.min(WINDOW_MAX, Math.max(4, task.seasons[0] ?? 12));
  const { x, y } = windowsOf(z, window, task.horizon);
  if (x.length < BATCH) throw new Error(`needs ${BATCH} windows, the series has ${x.length}`);
  const split = Math.floor(x.length * (1 - HELD_BACK_SHARE));
  const model = networkOf(tf, window, task.horizon);
  await train(tf, model, { x: x.slice(0, split), y: y.slice(0, split) });
  const held = predict(tf, model, x.slice(split));
  const [last] = predict(tf, model, [inputOf(z, z.length, window)]);
  const spread = meanErrors(held, y.slice(split));
  model.dispose();
  const level = z.at(-1)!;
  return {
    point: Float64Array.from(last!, (value) => (value + level) * deviation + mean),
    spread: spread.map((error) => error * deviation),
  };
}

/** The native binding is an optional extra whose install may have been refused; WASM always works. */
async function tensorFlow(): Promise<typeof Tf> {
  try {
    return (await import('@tensorflow/tfjs-node' as string)) as typeof Tf;
  } catch {
    const tf = await import('@tensorflow/tfjs');
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(
      `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`,
    );
    await tf.setBackend('wasm');
    await tf.ready();
    return tf;
  }
}

function networkOf(tf: typeof Tf, window: number, horizon: number): Tf.Sequential {
  const initial = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential();
  model.add(
    tf.layers.lstm({
      units: UNITS,
      inputShape: [window, 1],
      kernelInitializer: initial(SEED),
      recurrentInitializer: initial(SEED + 1),
    }),
  );
  model.add(tf.layers.dense({ units: horizon, kernelInitializer: initial(SEED + 2) }));
  model.compile({ optimizer: tf.train.adam(LEARNING_RATE), loss: 'meanAbsoluteError' });
  return model;
}

async function train(tf: typeof Tf, model: Tf.Sequential, { x, y }: Windows): Promise<void> {
  const inputs = tf.tensor3d(x);
  const targets = tf.tensor2d(y);
  await model.fit(inputs, targets, { epochs: EPOCHS, batchSize: BATCH, shuffle: false, verbose: 0 });
  inputs.dispose();
  targets.dispose();
}

function predict(tf: typeof Tf, model: Tf.Sequential, x: number[][][]): number[][] {
  return tf.tidy(() => (model.predict(tf.tensor3d(x)) as Tf.Tensor2D).arraySync());
}

function windowsOf(z: Float64Array, window: number, horizon: number): Windows {
  const x: number[][][] = [];
  const y: number[][] = [];
  for (let t = window; t + horizon <= z.length; t++) {
    x.push(inputOf(z, t, window));
    y.push([...z.subarray(t, t + horizon)].map((value) => value - z[t - 1]!));
  }
  return { x, y };
}

/** The window before `t`, relative to its last value. */
function inputOf(z: Float64Array, t: number, window: number): number[][] {
  return [...z.subarray(t - window, t)].map((value) => [value - z[t - 1]!]);
}

function meanErrors(predicted: number[][], truth: number[][]): Float64Array {
  const errors = new Float64Array(truth[0]!.length);
  predicted.forEach((row, i) => {
    row.forEach((value, h) => {
      errors[h]! += Math.abs(value - truth[i]![h]!) / truth.length;
    });
  });
  return errors;
}
