import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseTexts, guessChoice, headed, looksHeaded } from '../../../src/tables/choose'
import { formatOf, readTable } from '../../../src/tables/read-table'
import type { Table, TableFormat } from '../../../src/tables/types'

const pause = () => Promise.resolve()

async function tableOf(text: string, format: TableFormat): Promise<Table> {
  const answer = await readTable(text, format, pause)
  if (!answer.ok) throw new Error(answer.why)
  return answer.table
}
const problemOf = async (text: string, format: TableFormat) => {
  const answer = await readTable(text, format, pause)
  return answer.ok ? null : answer.why
}
const csvOf = (rows: readonly (readonly string[])[]) =>
  rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n')

describe('delimited text', () => {
  it('reads quotes, doubled quotes, line breaks in quotes and a byte order mark', async () => {
    const table = await tableOf('\uFEFFid,text\r\n1,"He said ""no"", twice"\r\n2,"two\r\nlines"\r\n', 'csv')
    expect(table.rows).toEqual([
      ['id', 'text'],
      ['1', 'He said "no", twice'],
      ['2', 'two\r\nlines'],
    ])
    expect([table.ragged, table.badQuotes]).toEqual([0, null])
  })

  it('gives back what was written, whatever is in the cells and wherever slices end', async () => {
    const cell = fc.oneof(fc.string(), fc.constantFrom('a,b', '"', '\n', '\r\n', ';', '\t', '__proto__', '<b>', '語'))
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 2, max: 4 })
          .chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 6 }),
          ),
        async (rows) => {
          fc.pre(rows.every((row) => row.some((entry) => entry.trim() !== '')))
          expect((await tableOf(csvOf(rows), 'csv')).rows).toEqual(rows)
        },
      ),
      { numRuns: 500 },
    )
    const long = Array.from({ length: 3000 }, (_, at) => [String(at), `${'words, and "more" '.repeat(20)}${at}\nend`])
    let pauses = 0
    const answer = await readTable(csvOf(long), 'csv', () => {
      pauses += 1
      return Promise.resolve()
    })
    expect(answer.ok && answer.table.rows).toEqual(long)
    expect(pauses).toBeGreaterThan(5)
  })

  it.each([
    ['a;b\n1,5;x\n2,5;y', 'csv'],
    ['a\tb\n1,5\tx\n2,5\ty', 'tsv'],
  ] as const)('finds the delimiter of %j', async (text, format) => {
    expect((await tableOf(text, format)).rows).toEqual([
      ['a', 'b'],
      ['1,5', 'x'],
      ['2,5', 'y'],
    ])
  })

  it.each([
    [
      '"a,b";"c"\n"d";"e,f"',
      [
        ['a,b', 'c'],
        ['d', 'e,f'],
      ],
    ],
    [
      '"x",";"\n";","y"',
      [
        ['x', ';'],
        [';', 'y'],
      ],
    ],
    [
      'one sentence, with a comma\nand one without',
      [
        ['one sentence', ' with a comma'],
        ['and one without', null],
      ],
    ],
    [
      'a "quoted" word;1\nb, c;2',
      [
        ['a "quoted" word', '1'],
        ['b, c', '2'],
      ],
    ],
  ])('is not misled by what is in the cells of %j', async (text, rows) => {
    expect((await tableOf(text, 'csv')).rows).toEqual(rows)
  })

  it('fills rows that are too short, keeps what is too long, and counts both', async () => {
    const table = await tableOf('a,b\n1\n1,2,3\n\n4,5\n', 'csv')
    expect(table.rows).toEqual([
      ['a', 'b', null],
      ['1', null, null],
      ['1', '2', '3'],
      ['', null, null],
      ['4', '5', null],
    ])
    expect(table.ragged).toBe(2)
  })

  it('names the row whose quotes are not closed', async () => {
    expect((await tableOf('a,b\n1,2\n3,"four\n5,6\n', 'csv')).badQuotes).toBe(2)
  })

  it('says what is no table', async () => {
    expect(await problemOf('', 'csv')).toBe('empty')
    expect(await problemOf('\n \n', 'csv')).toBe('empty')
    expect(await problemOf(new Array(400).fill('x').join(','), 'csv')).toBe('wide')
  })
})

describe('JSON', () => {
  it('reads lists of texts, of lists and of objects, and lists inside an object', async () => {
    expect((await tableOf('["one", 2, null]', 'json')).rows).toEqual([['one'], ['2'], [null]])
    expect((await tableOf('[["a", 1], ["b"]]', 'json')).rows).toEqual([
      ['a', '1'],
      ['b', null],
    ])
    const table = await tableOf(
      '{"version": 2, "data": [{"text": "a", "n": {"x": 1}}, {"text": "b", "late": true}]}',
      'json',
    )
    expect([table.names, table.rows]).toEqual([
      ['text', 'n', 'late'],
      [
        ['a', '{"x":1}', null],
        ['b', null, 'true'],
      ],
    ])
  })

  it('takes keys for names only, also those that objects inherit', async () => {
    const table = await tableOf('[{"__proto__": "p", "constructor": "c", "text": "t", "toString": "s"}]', 'json')
    expect([table.names, table.rows]).toEqual([
      ['__proto__', 'constructor', 'text', 'toString'],
      [['p', 'c', 't', 's']],
    ])
    expect(({} as Record<string, unknown>)['p']).toBeUndefined()
  })

  it('reads JSON lines, whatever the file is called, and counts lines that are none', async () => {
    const text = '{"text": "a"}\n\n{"text": "b"}\nnonsense\n'
    for (const format of ['json', 'jsonl'] as const) {
      const table = await tableOf(text, format)
      expect([table.rows, table.names, table.unreadable]).toEqual([[['a'], ['b']], ['text'], 1])
    }
  })

  it('says what it can’t read', async () => {
    expect(await problemOf('{"a": ', 'json')).toBe('json')
    expect(await problemOf('{"a": 1}', 'json')).toBe('shape')
    expect(await problemOf('[]', 'json')).toBe('empty')
    expect(await problemOf('nonsense', 'jsonl')).toBe('json')
  })
})

it('knows formats by the ends of names', () => {
  expect(['a.CSV', 'b.tab', 'c.jsonl', 'd.ndjson', 'e.json', 'f.txt', 'csv'].map(formatOf)).toEqual([
    'csv',
    'tsv',
    'jsonl',
    'jsonl',
    'json',
    null,
    null,
  ])
})

describe('the choice of columns', () => {
  const nli = 'id,premise,hypothesis,label\n1,A man sleeps.,Nobody is awake.,yes\n2,A dog runs.,,no\n3,,,maybe\n'

  it('guesses text and second sentence by their names, otherwise the longest text', async () => {
    expect(guessChoice(await tableOf(nli, 'csv'))).toEqual({ hasHeader: true, text: 1, second: 2 })
    const bare = await tableOf('1,A long sentence that is read.,x\n2,Another one of those.,y\n', 'csv')
    expect(guessChoice(bare)).toEqual({ hasHeader: false, text: 1, second: null })
    expect(looksHeaded(await tableOf('The first sentence.\nThe second one.\n', 'csv'))).toBe(false)
  })

  it('gives lines, pairs and all other columns', async () => {
    const table = await tableOf(nli, 'csv')
    expect(chooseTexts(table, { hasHeader: true, text: 1, second: 2 })).toEqual({
      lines: ['A man sleeps. ||| Nobody is awake.', 'A dog runs.'],
      columns: [
        { name: 'id', values: ['1', '2'] },
        { name: 'label', values: ['yes', 'no'] },
      ],
      blank: 1,
      broken: 0,
      alone: 1,
    })
    expect(chooseTexts(table, { hasHeader: false, text: 1, second: null }).lines[0]).toBe('premise')
  })

  it('makes one line of a cell with several, keeps HTML as the text that it is, and names columns apart', async () => {
    const table = await tableOf('"text",x,,x\n"one\n two<img src=x onerror=alert(1)>",1,2,3\n', 'csv')
    const chosen = chooseTexts(table, { hasHeader: true, text: 0, second: null })
    expect(chosen.lines).toEqual(['one two<img src=x onerror=alert(1)>'])
    expect([chosen.broken, chosen.columns.map(({ name }) => name)]).toEqual([1, ['x', 'column 3', 'x (2)']])
    expect(headed(table, false).names).toEqual(['column 1', 'column 2', 'column 3', 'column 4'])
  })
})
