import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { hashUniform } from '../../../src/core/random'
import { loadKernel } from '../../../src/projections/kernel'

interface Exports {
  workspaceBytes(dim: number): number
  findTopVectors(matrix: number, dim: number, count: number, values: number, vectors: number, workspace: number): void
}

const url = new URL('../../../src/kernels/build/covariance.wasm', import.meta.url)

async function findTop(matrix: Matrix, count: number) {
  const kernel = await loadKernel<Exports>(url)
  const dim = matrix.rows
  const at = kernel.allocate(dim * dim * 8)
  const values = kernel.allocate(count * 8)
  const vectors = kernel.allocate(count * dim * 8)
  const workspace = kernel.allocate(kernel.exports.workspaceBytes(dim))
  kernel.float64(at, dim * dim).set(matrix.to1DArray())
  kernel.exports.findTopVectors(at, dim, count, values, vectors, workspace)
  const rows = Array.from({ length: count }, (_, axis) =>
    Array.from(kernel.float64(vectors, count * dim).subarray(axis * dim, (axis + 1) * dim)),
  )
  return { values: Array.from(kernel.float64(values, count)), vectors: new Matrix(rows) }
}

/** XᵀX of rows that a function of (seed, row, column) fills. */
function gram(dim: number, seed: number, cell: (random: number, row: number, column: number) => number): Matrix {
  const rows = Array.from({ length: 40 }, (_, row) =>
    Array.from({ length: dim }, (_, column) => cell(hashUniform(seed, dim, row, column), row, column)),
  )
  return new Matrix(rows).transpose().mmul(new Matrix(rows))
}

const kinds: [string, (random: number, row: number, column: number, dim: number) => number][] = [
  ['without structure', (random) => random - 0.5],
  ['falling fast', (random, _, column) => (random - 0.5) / (1 + column ** 3)],
  ['all eigenvalues alike', (_, row, column, dim) => (row < dim && column === row ? 1 : 0)],
  ['rank two', (random, _, column) => (column < 2 ? random : 0)],
  ['rank one', () => 1],
  ['sparse', (random) => (random < 0.03 ? 1 : 0)],
  ['huge', (random) => 1e20 * (random - 0.5)],
  ['tiny', (random) => 1e-20 * (random - 0.5)],
  ['far from the origin', (random) => 1e3 + random],
]

test.each(kinds)('the largest eigenvalues and their vectors: %s', async (_, cell) => {
  for (const dim of [4, 8, 20, 36, 64, 128]) {
    for (let seed = 0; seed < 3; seed++) {
      const matrix = gram(dim, seed, (random, row, column) => cell(random, row, column, dim))
      const { realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true })
      const expected = realEigenvalues.sort((a, b) => b - a)
      const size = Math.max(expected[0]!, 1e-300)
      const { values, vectors } = await findTop(matrix, 3)
      for (let axis = 0; axis < 3; axis++) {
        expect(Math.abs(values[axis]! - expected[axis]!) / size).toBeLessThan(1e-12)
        const vector = vectors.getRowVector(axis)
        const residual = vector.mmul(matrix).sub(Matrix.mul(vector, values[axis]!)).norm()
        expect(residual / size).toBeLessThan(1e-12)
      }
      expect(vectors.mmul(vectors.transpose()).sub(Matrix.eye(3)).norm()).toBeLessThan(1e-12)
    }
  }
})
