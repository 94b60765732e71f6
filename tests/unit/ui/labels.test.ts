import { describe, expect, it } from 'vitest'
import { encodingOf } from '../../../src/encodings'
import { keptByLegend } from '../../../src/encodings/legend-filter'
import { labelEncoding } from '../../../src/encodings/label'
import { buildTokenTable } from '../../../src/encodings/tokens'
import { defaultSearchOptions, searchTokens } from '../../../src/core/search'
import type { Sequence } from '../../../src/core/types'
import { readTable } from '../../../src/tables/read-table'
import { imageOfCell, imageOfMask, readLabelTable, renameColors } from '../../../src/ui/images/label-files'

const pause = async () => undefined
const tableOf = async (text: string) => {
  const read = await readTable(text, 'csv', pause)
  if (!read.ok) throw new Error(read.why)
  return readLabelTable(read.table)
}

describe('masks', () => {
  it.each([
    ['cat.mask.png', 'cat.jpg'],
    ['cat_labels.PNG', 'cat.jpg'],
    ['Dog-Segmentation.png', 'dog.jpeg'],
    ['cat.jpg.mask.png', 'cat.jpg'],
    ['cat.png', null],
    ['bird_mask.png', null],
    ['cat.mask.jpg', null],
    ['mask.png', null],
  ])('%s belongs to %s', (name, image) => {
    expect(imageOfMask(name, ['dog.jpeg', 'cat.jpg', name])).toBe(image)
  })
})

describe('tables', () => {
  it('give a label to patches by image, row and column, and count what they can’t read', async () => {
    const table = await tableOf(
      'file,row,col,label\ncat.jpg,0,1,ear\ncat.jpg,2,3,"tail, tip"\ndog,0,0,nose\ndog,x,0,nose\ndog,1,1,\n',
    )
    expect(table).toEqual({
      kind: 'patches',
      unread: 2,
      images: new Map([
        [
          'cat.jpg',
          [
            { row: 0, column: 1, label: 'ear' },
            { row: 2, column: 3, label: 'tail, tip' },
          ],
        ],
        ['dog', [{ row: 0, column: 0, label: 'nose' }]],
      ]),
    })
  })

  it('give names to colours', async () => {
    expect(await tableOf('color,label\n#FF0000,cat\n00ff00,dog\nred,bird\n')).toEqual({
      kind: 'colors',
      unread: 1,
      names: new Map([
        ['#ff0000', 'cat'],
        ['#00ff00', 'dog'],
      ]),
    })
  })

  it('of texts are none of labels', async () => {
    expect(await tableOf('text,label\nA cat sat.,animal\n')).toBeNull()
    expect(await tableOf('image,caption\ncat.jpg,A cat\n')).toBeNull()
    expect(await tableOf('one line\n')).toBeNull()
  })

  it('mean images by file name, with or without ending', () => {
    const images = ['cat.png', 'Cat.jpg', 'dog.jpeg']
    expect(imageOfCell('cat.jpg', images)).toBe('Cat.jpg')
    expect(imageOfCell('DOG', images)).toBe('dog.jpeg')
    expect(imageOfCell('bird', images)).toBeNull()
  })
})

it('colours get names only in maps that have them', () => {
  const map = { width: 1, height: 1, indices: Uint8Array.of(0), names: ['#ff0000', '#0000ff'] }
  const renamed = renameColors({ key: 'one', map }, new Map([['#ff0000', 'cat']]))
  expect(renamed).toMatchObject({ map: { names: ['cat', '#0000ff'] } })
  expect(renamed!.key).not.toBe('one')
  expect(renameColors({ key: 'one', map }, new Map([['#00ff00', 'dog']]))).toBeNull()
  expect(renameColors({ key: 'one', patches: [] }, new Map([['#ff0000', 'cat']]))).toBeNull()
})

describe('labels of patches', () => {
  const patch = (text: string) => ({ id: -1, text, special: false })
  const sequences: Sequence[] = [
    {
      id: 'a',
      name: 'a.png',
      truncated: 0,
      grid: { rows: 1, columns: 3 },
      tokens: [{ id: -1, text: '[CLS]', special: true }, patch('0,0'), patch('0,1'), patch('0,2')],
      labels: [null, 'sky', 'tree', 'sky'],
    },
    { id: 'b', name: 'b.png', truncated: 0, grid: { rows: 1, columns: 1 }, tokens: [patch('0,0')] },
  ]
  const context = { table: buildTokenTable(sequences), norms: null }
  const encoding = labelEncoding(sequences)

  it('are colours, the most frequent first, with a legend that filters', () => {
    expect([...encoding.indices(context)]).toEqual([4, 0, 2, 0, 4, 5, 1, 3, 1, 5])
    expect(encoding.legend(context)).toMatchObject({
      items: [{ label: { text: 'sky' } }, { label: { text: 'tree' } }, { label: { key: 'noLabel' } }],
    })
    expect([...keptByLegend(encoding, context, { entries: new Set([1]), range: null })]).toEqual([
      0, 0, 1, 0, 0, 0, 0, 1, 0, 0,
    ])
    expect([0, 1, 7].map((point) => encoding.value(context, point))).toEqual([
      { key: 'noLabel' },
      { text: 'sky' },
      { text: 'tree' },
    ])
    expect(encodingOf('label').kind).toBe('image')
  })

  it('are found by the search', () => {
    const find = (text: string, options = {}) => [
      ...(searchTokens(sequences, (token) => token, text, { ...defaultSearchOptions, ...options })?.rows ?? []),
    ]
    expect(find('sky')).toEqual([1, 3])
    expect(find('SKY', { firstOnly: true })).toEqual([1])
    expect(find('re', { match: 'substring' })).toEqual([2])
    expect(find('^(tree|sky)$', { match: 'regex' })).toEqual([1, 2, 3])
    expect(find('re')).toEqual([])
  })
})
