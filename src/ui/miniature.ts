export interface MiniaturePoint {
  x: number
  y: number
  role: 'query' | 'key'
}

const pointCount = 14

/** Points of a small made-up head, 0 … 1: a spiral, two groups, rows, or a ring; for the picture of the empty state. */
export function miniatureHead(index: number): readonly MiniaturePoint[] {
  return Array.from({ length: 2 * pointCount }, (_, point): MiniaturePoint => {
    const role = point < pointCount ? 'query' : 'key'
    const step = (point % pointCount) / (pointCount - 1)
    const jitter = (salt: number): number =>
      fraction(Math.sin(index * 12.9898 + point * 78.233 + salt) * 43758.5453) - 0.5
    const side = role === 'query' ? -1 : 1
    switch (index % 4) {
      case 0: {
        const angle = step * 7 + (role === 'key' ? Math.PI : 0) + index
        const radius = 0.1 + 0.34 * step
        return { role, x: 0.5 + radius * Math.cos(angle), y: 0.5 + radius * Math.sin(angle) }
      }
      case 1: {
        const group = point % 3
        const center = [0.25, 0.55, 0.78][group] ?? 0.5
        const height = [0.35, 0.7, 0.3][(group + index) % 3] ?? 0.5
        return { role, x: center + 0.18 * jitter(1) + 0.03 * side, y: height + 0.2 * jitter(2) }
      }
      case 2:
        return {
          role,
          x: 0.08 + 0.84 * step,
          y: 0.5 + 0.14 * side + 0.16 * jitter(3) + 0.16 * Math.sin(step * 5 + index),
        }
      default: {
        const angle = step * Math.PI * side + index
        return {
          role,
          x: 0.5 + 0.36 * Math.cos(angle) + 0.05 * jitter(4),
          y: 0.5 + 0.36 * Math.sin(angle) + 0.05 * jitter(5),
        }
      }
    }
  })
}

const fraction = (value: number): number => value - Math.floor(value)
