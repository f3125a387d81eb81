/**
 * Normal equations by Cholesky in flat arrays. Own code because thousands of small systems are solved per tick:
 * a matrix object per system would cost more than the arithmetic.
 */

/**
 * Solves G x = c in place of `c` for `columns` right-hand sides (row-major, `size` x `columns`). `gram` is
 * destroyed. A pivot that vanished (columns that depend on each other) drops its coefficient.
 */
export function solve(gram: Float64Array, c: Float64Array, size: number, columns: number): void {
  factorise(gram, size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    const scale = gram[row + i]! === 0 ? 0 : 1 / gram[row + i]!;
    for (let j = 0; j < i; j++) subtractRow(c, i, j, gram[row + j]!, columns);
    scaleRow(c, i, scale, columns);
  }
  for (let i = size - 1; i >= 0; i--) {
    const scale = gram[i * size + i]! === 0 ? 0 : 1 / gram[i * size + i]!;
    for (let j = i + 1; j < size; j++) subtractRow(c, i, j, gram[j * size + i]!, columns);
    scaleRow(c, i, scale, columns);
  }
}

/** relative to the largest pivot; below it the column is a combination of earlier ones */
const VANISHED = 1e-12;

function factorise(gram: Float64Array, size: number): void {
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, gram[i * size + i]!);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let sum = gram[row + j]!;
      for (let k = 0; k < j; k++) sum -= gram[row + k]! * gram[other + k]!;
      if (i === j) gram[row + i] = sum > VANISHED * largest ? Math.sqrt(sum) : 0;
      else gram[row + j] = gram[other + j]! === 0 ? 0 : sum / gram[other + j]!;
    }
  }
}

function subtractRow(c: Float64Array, to: number, from: number, factor: number, columns: number): void {
  if (factor === 0) return;
  const target = to * columns;
  const source = from * columns;
  for (let k = 0; k < columns; k++) c[target + k]! -= factor * c[source + k]!;
}

function scaleRow(c: Float64Array, row: number, scale: number, columns: number): void {
  for (let k = row * columns; k < (row + 1) * columns; k++) c[k]! *= scale;
}
