import { fitInto, noLabel, type LabelMap } from '../core/label-map'
import type { Output } from './session'

/** Longest side of the maps that are made: several pixels a patch for grids of 64 patches. */
const longestMapPx = 256

/**
 * Where a processed picture lies in the one that it was made of, as shares of that one's width and height: 0 is its left or upper
 * edge, 1 the other. A crop lies inside, a frame outside of 0 … 1.
 */
export interface Sight {
  left: number
  right: number
  top: number
  bottom: number
}

/** Scores [classes,height,width] of a picture: the largest says what a pixel is. */
export interface Scores {
  data: Float32Array
  classes: number
  height: number
  width: number
}

/**
 * The scores in a segmentation model's outputs: either one [1,C,h,w], or the masks [1,Q,h,w] and classes [1,Q,C+1] of Q queries, the
 * last class being "nothing" (Cheng et al. 2021, MaskFormer, eq. 5: score of a class = Σ_q softmax(class)·sigmoid(mask)).
 * @returns null where the outputs are neither
 */
export function scoresOf(outputs: Iterable<Output>): Scores | null {
  const all = [...outputs].filter(({ dims }) => dims[0] === 1)
  const maps = all.filter(({ dims }) => dims.length === 4)
  for (const { dims, data } of maps) {
    const [, count, height, width] = dims as [number, number, number, number]
    const queries = all.find((other) => other.dims.length === 3 && other.dims[1] === count)
    if (queries) return weigh(queries, data, height, width)
  }
  const [first] = maps
  if (!first || maps.length > 1) return null
  const [, classes, height, width] = first.dims as [number, number, number, number]
  return { data: first.data, classes, height, width }
}

function weigh({ dims, data: logits }: Output, masks: Float32Array, height: number, width: number): Scores {
  const [, queries, wide] = dims as [number, number, number]
  const classes = wide - 1
  const area = height * width
  const data = new Float32Array(classes * area)
  for (let query = 0; query < queries; query++) {
    const row = logits.subarray(query * wide, (query + 1) * wide)
    const largest = row.reduce((most, value) => Math.max(most, value), -Infinity)
    const powers = row.map((value) => Math.exp(value - largest))
    const sum = powers.reduce((total, value) => total + value, 0)
    for (let pixel = 0; pixel < area; pixel++) {
      const covers = 1 / (1 + Math.exp(-masks[query * area + pixel]!)) / sum
      for (let each = 0; each < classes; each++) data[each * area + pixel]! += covers * powers[each]!
    }
  }
  return { data, classes, height, width }
}

/** One channel of a processed picture, [height,width]. */
export interface Plane {
  data: Float32Array
  height: number
  width: number
}

/**
 * What part of a picture its processed form shows, measured by four pictures of its size that went the same way: black, white, and two
 * ramps from black to white, left to right and top to bottom. Nothing has to be known of resizes, crops, frames and normalisation.
 */
export function measureSight(black: Plane, white: Plane, across: Plane, down: Plane): Sight {
  const { height, width } = black
  const shareOf = (ramp: Plane, at: number): number => {
    const span = white.data[at]! - black.data[at]!
    return Math.abs(span) < 1e-6 ? NaN : (ramp.data[at]! - black.data[at]!) / span
  }
  const [left, right] = fitLine(width, height, (column, row) => shareOf(across, row * width + column))
  const [top, bottom] = fitLine(height, width, (row, column) => shareOf(down, row * width + column))
  return { left, right, top, bottom }
}

/** Values at both ends of the least-squares line through the means along one axis; places that show nothing (NaN) don't count. */
function fitLine(
  length: number,
  across: number,
  valueAt: (place: number, other: number) => number,
): [begin: number, end: number] {
  const points: [place: number, mean: number][] = []
  for (let place = 0; place < length; place++) {
    let [sum, count] = [0, 0]
    for (let other = 0; other < across; other++) {
      const value = valueAt(place, other)
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    if (count > 0) points.push([(place + 0.5) / length, sum / count])
  }
  const mean = (pick: (point: [number, number]) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [x, y] = [mean(([place]) => place), mean(([, value]) => value)]
  const spread = mean(([place]) => (place - x) ** 2)
  if (!(spread > 0)) return [0, 1]
  const slope = mean(([place, value]) => (place - x) * (value - y)) / spread
  return slope > 0 ? [y - slope * x, y + slope * (1 - x)] : [0, 1]
}

/**
 * The class of the largest score, bilinear between scores, in the picture's own proportions. What the model did not see has no label;
 * of more than 255 classes in one picture the rarest have none.
 * @param names of the classes
 */
export function labelMapOf(
  { data, classes, height, width }: Scores,
  { left, right, top, bottom }: Sight,
  picture: { width: number; height: number },
  names: readonly string[],
): LabelMap {
  const size = fitInto(picture.width, picture.height, longestMapPx)
  const columns = samples(size.width, width, left, right)
  const rows = samples(size.height, height, top, bottom)
  const area = size.width * size.height
  const best = new Int32Array(area).fill(-1)
  const most = new Float32Array(area).fill(-Infinity)
  for (let each = 0; each < classes; each++) {
    const plane = data.subarray(each * height * width, (each + 1) * height * width)
    for (let y = 0; y < size.height; y++) {
      if (rows.low[y]! < 0) continue
      const [above, below, share] = [rows.low[y]! * width, rows.high[y]! * width, rows.share[y]!]
      for (let x = 0; x < size.width; x++) {
        const low = columns.low[x]!
        if (low < 0) continue
        const high = columns.high[x]!
        const part = columns.share[x]!
        const upper = plane[above + low]! * (1 - part) + plane[above + high]! * part
        const lower = plane[below + low]! * (1 - part) + plane[below + high]! * part
        const score = upper * (1 - share) + lower * share
        const at = y * size.width + x
        if (score <= most[at]!) continue
        most[at] = score
        best[at] = each
      }
    }
  }
  return withPresent(best, size, names)
}

/** Between which two of `count` scores each of `length` places lies; −1: outside of what was seen. */
function samples(length: number, count: number, begin: number, end: number) {
  const [low, high, share] = [new Int32Array(length), new Int32Array(length), new Float32Array(length)]
  for (let place = 0; place < length; place++) {
    const at = ((place + 0.5) / length - begin) / (end - begin)
    const exact = Math.min(count - 1, Math.max(0, at * count - 0.5))
    low[place] = at < 0 || at > 1 ? -1 : Math.floor(exact)
    high[place] = Math.min(count - 1, Math.floor(exact) + 1)
    share[place] = exact - Math.floor(exact)
  }
  return { low, high, share }
}

/** A map with only the classes that are there, so that an index is a byte. */
function withPresent(
  best: Int32Array,
  { width, height }: { width: number; height: number },
  names: readonly string[],
): LabelMap {
  const counts = new Map<number, number>()
  for (const each of best) if (each >= 0) counts.set(each, (counts.get(each) ?? 0) + 1)
  const kept = [...counts]
    .sort(([one, few], [other, many]) => many - few || one - other)
    .slice(0, noLabel)
    .map(([each]) => each)
    .sort((one, other) => one - other)
  const places = new Map(kept.map((each, place) => [each, place]))
  return {
    width,
    height,
    indices: Uint8Array.from(best, (each) => places.get(each) ?? noLabel),
    names: kept.map((each) => names[each]!),
  }
}
