import { describe, expect, it } from 'vitest'
import { isNumeric, readNumber } from '../../../src/core/user-column'
import { InputList } from '../../../src/state/inputs'
import { createWorld, settle, type World } from './fakes'

const textsOf = (inputs: InputList) => inputs.texts.map(({ text }) => text)
const years = { name: 'year', values: ['1998', null, '2004'] }
const fresh = { texts: false, images: false }

async function reloaded(world: World, values = {}): Promise<World> {
  world.clock.advance(1000)
  await settle()
  const next = createWorld({ stores: world.stores })
  next.explorer.start(values)
  await next.explorer.ready()
  return next
}

async function shown(lines: readonly string[]): Promise<World> {
  const world = createWorld()
  world.explorer.start({})
  await settle()
  world.explorer.setTexts(lines)
  await world.explorer.ready()
  return world
}

describe('columns of the texts', () => {
  it('stay with their lines through edits, removals and the store', () => {
    const inputs = new InputList()
    inputs.setTexts(['a', 'b', 'c'], { columns: [years] })
    expect(inputs.columns).toEqual([years])
    inputs.setTexts(['c', 'new', 'a'])
    expect(inputs.columns).toEqual([{ name: 'year', values: ['2004', null, '1998'] }])
    const next = new InputList()
    next.restore(structuredClone(inputs.save()), fresh)
    expect(next.columns).toEqual(inputs.columns)
    inputs.remove('text', 0)
    expect(inputs.columns[0]?.values).toEqual([null, '1998'])
    inputs.setTexts(['nothing of before'])
    expect(inputs.columns).toEqual([])
  })

  it('belong to lines as given, blank ones included', () => {
    const inputs = new InputList()
    inputs.setTexts(['a', '  ', 'c'], { columns: [years, { name: '__proto__', values: ['x', 'y', 'z'] }] })
    expect(inputs.columns).toEqual([
      { name: 'year', values: ['1998', '2004'] },
      { name: '__proto__', values: ['x', 'z'] },
    ])
  })

  it('are dropped where the store holds nonsense', () => {
    const inputs = new InputList()
    inputs.restore(
      {
        texts: [
          { id: 's1', text: 'a', values: [3] },
          { id: 's2', text: 'b' },
        ],
        columns: 'year',
      },
      fresh,
    )
    expect([textsOf(inputs), inputs.columns]).toEqual([['b'], []])
  })

  it('hold numbers where every value is one', () => {
    expect(['1', ' -2.5e3', '.5', '1,5', '0x10', '', 'NaN', '1e999', null].map(readNumber)).toEqual([
      1,
      -2500,
      0.5,
      ...new Array<null>(6).fill(null),
    ])
    expect(isNumeric(years)).toBe(true)
    expect(isNumeric({ name: 'a', values: ['1', 'many'] })).toBe(false)
    expect(isNumeric({ name: 'a', values: [null, ' '] })).toBe(false)
  })

  it('do not make the model run again', async () => {
    const { explorer, model } = await shown(['a b', 'c d'])
    const ran = model.ran.length
    explorer.setTexts(['a b', 'c d'], [{ name: 'kind', values: ['x', 'y'] }])
    await explorer.ready()
    expect(model.ran.length).toBe(ran)
    expect(explorer.columns).toEqual([{ name: 'kind', values: ['x', 'y'] }])
  })
})

describe('texts of the user', () => {
  it('are kept when a sample takes their place, and come back, also after a reload', async () => {
    const world = await shown(['my own words'])
    world.explorer.replaceTexts(['a sample'], { isSample: true })
    expect(world.explorer.keptTexts).toEqual(['my own words'])
    world.explorer.replaceTexts(['another sample'], { isSample: true })
    const { explorer } = await reloaded(world)
    expect([explorer.texts, explorer.keptTexts]).toEqual([['another sample'], ['my own words']])
    explorer.bringBackTexts()
    await explorer.ready()
    expect([explorer.texts, explorer.keptTexts]).toEqual([['my own words'], null])
  })

  it('are kept as typed, though they were not shown yet', async () => {
    const { explorer } = await shown(['my own words'])
    explorer.replaceTexts(['a sample'], { isSample: true, unshown: ['my own words', 'and more'] })
    expect(explorer.keptTexts).toEqual(['my own words', 'and more'])
    explorer.bringBackTexts(['typed since'])
    await explorer.ready()
    expect([explorer.texts, explorer.keptTexts]).toEqual([['my own words', 'and more'], ['typed since']])
  })

  it('are exchanged with those of a file', async () => {
    const { explorer } = await shown(['my own words'])
    explorer.replaceTexts(['of a file'], { columns: [{ name: 'n', values: ['1'] }] })
    explorer.bringBackTexts()
    expect([explorer.texts, explorer.keptTexts, explorer.columns]).toEqual([['my own words'], ['of a file'], []])
    explorer.bringBackTexts()
    expect([explorer.texts, explorer.columns]).toEqual([['of a file'], [{ name: 'n', values: ['1'] }]])
  })

  it.each([{ samples: 'first' }, { text: ['of a link'] }])('are kept when a link with %o is opened', async (values) => {
    const { explorer } = await reloaded(await shown(['my own words']), values)
    expect(explorer.texts).not.toContain('my own words')
    expect(explorer.keptTexts).toEqual(['my own words'])
    explorer.bringBackTexts()
    await explorer.ready()
    expect(explorer.texts).toEqual(['my own words'])
  })

  it('stay kept when the link is loaded again: what it brought is not the user’s', async () => {
    const first = await reloaded(await shown(['my own words']), { text: ['of a link'] })
    const second = await reloaded(first, { text: ['of a link'] })
    expect(second.explorer.keptTexts).toEqual(['my own words'])
    const other = await reloaded(second, { samples: 'second' })
    expect(other.explorer.keptTexts).toEqual(['my own words'])
  })

  it('are kept when the address of the open page changes', async () => {
    const { explorer } = await shown(['my own words'])
    explorer.applyAddress({ text: ['of a link'] })
    await explorer.ready()
    expect([explorer.texts, explorer.keptTexts]).toEqual([['of a link'], ['my own words']])
  })
})

it('says that a model for images does not take the text, until a text model is opened', async () => {
  const world = createWorld({ change: { kind: 'image' } })
  world.explorer.start({})
  await settle()
  await world.explorer.open({ model: 'builtin:dinov2-small' })
  world.explorer.setTexts(['some words'])
  expect(world.explorer.notices.map(({ code }) => code)).toEqual(['NEEDS_OTHER_INPUT'])
  world.model.change = { kind: 'text' }
  await world.explorer.open({ model: 'builtin:bge-small-en-v1.5' })
  expect(world.explorer.notices).toEqual([])
})

it('says that pairs were joined where the model knows none', async () => {
  const world = createWorld()
  const prepare = world.model.prepareTexts.bind(world.model)
  world.model.prepareTexts = async (lines) => (await prepare(lines)).map((entry) => ({ ...entry, joined: true }))
  world.explorer.start({})
  await settle()
  world.explorer.setTexts(['a ||| b'])
  await world.explorer.ready()
  expect(world.explorer.notices.map(({ message }) => message)).toEqual([
    'One line is a pair of sentences, but this model knows no pairs: each was joined with a space and runs as one text.',
  ])
})
