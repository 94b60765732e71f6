import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { allFigureInfos, figureInfo } from '../../../src/core/figures'
import { fidelityIds } from '../../../src/ui/fidelity'
import { latinWords } from '../../helpers/chinese'
import { firstLanguage } from '../../../src/ui/strings'
import { en } from '../../../src/ui/strings/en'
import { createTranslator } from '../../../src/ui/strings/translate'
import { zh } from '../../../src/ui/strings/zh'
import { translate, zhMessages } from '../../../src/ui/strings/zh-messages'

/** Values that no text has of itself. */
const marks = ['⟦0⟧', '⟦1⟧', '⟦2⟧', '⟦3⟧', '⟦4⟧']
const marksIn = (text: string): string[] => marks.filter((mark) => text.includes(mark))

type Leaf = [path: string, english: string, other: string]

/** Every text of both languages side by side; functions are called with a mark for each value. */
function* leaves(english: unknown, other: unknown, path: string): Generator<Leaf> {
  if (typeof english === 'string') yield [path, english, other as string]
  else if (typeof english === 'function') {
    const call = (words: unknown) =>
      (words as (...values: string[]) => unknown)(...(path === 'bar.theme' ? ['dark'] : marks))
    const [text, told] = [call(english), call(other)]
    if (typeof text === 'string') yield [path, text, told as string]
  } else {
    const [words, others] = [english, other] as Record<string, unknown>[]
    expect(Object.keys(others!), path).toEqual(expect.arrayContaining(Object.keys(words!)))
    for (const key of Object.keys(words!)) yield* leaves(words![key], others![key], path ? `${path}.${key}` : key)
  }
}
const { told: _, figureWords: __, ...words } = en
const all = [...leaves(words, zh, '')]

describe('Chinese words', () => {
  it('are there for every English one, lists as long', () => {
    expect(all.length).toBeGreaterThan(500)
    expect(all.filter(([, english, other]) => (english === '') !== (other === ''))).toEqual([])
    expect(zh.keys.groups.map(({ keys }) => keys.length)).toEqual(en.keys.groups.map(({ keys }) => keys.length))
    expect(zh.keys.readings).toHaveLength(en.keys.readings.length)
  })

  it('use every value that the English ones use', () => {
    const differing = all.filter(([, english, other]) => marksIn(english).join() !== marksIn(other).join())
    expect(differing.map(([path]) => path)).toEqual([])
  })

  it('have no English left in them but names', () => {
    const left = all.flatMap(([path, , other]) => latinWords(other).map((word) => `${path}: ${word}`))
    // The example of a text stays one: models that come with the app know English.
    expect(left.filter((entry) => !entry.startsWith('text.placeholder'))).toEqual([])
  })

  it('differ from the English ones wherever those are words', () => {
    const same = all.filter(([, english, other]) => english === other && latinWords(english).length > 0)
    expect(same.map(([path]) => path)).toEqual([])
  })

  it('are there for every head figure that is shown', () => {
    const shown = allFigureInfos.filter(({ role }) => role === 'figure').map(({ id }) => id)
    const beside = Object.values(fidelityIds).filter((id) => figureInfo(id)?.role === 'count')
    const translated = Object.keys(zh.figureWords)
    expect(translated.toSorted()).toEqual([...new Set([...shown, ...beside])].toSorted())
    expect(Object.values(zh.figureWords).flatMap((entry) => latinWords(Object.values(entry).join(' ')))).toEqual([])
  })
})

/** Sentences of the sources, `{}` for each value; those of several also one by one. */
function sentencesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'strings' ? [] : sentencesOf(path)
    return /\.(ts|svelte)$/.test(entry.name) ? literalsOf(readFileSync(path, 'utf8')) : []
  })
}
const literalsOf = (source: string): string[] =>
  nodesIn(parse(source))
    .flatMap(textOf)
    .flatMap((text) => [text, ...text.split(/(?<=[.!?]|\{\}) (?=[^a-z])/)])
const parse = (source: string): ts.Node => ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, false)
function nodesIn(node: ts.Node): ts.Node[] {
  const found = [node]
  ts.forEachChild(node, (child) => void found.push(...nodesIn(child)))
  return found
}
function textOf(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (!ts.isTemplateExpression(node)) return []
  return [node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join('')]
}

/** What the code writes into the message of a notice or an error (`{ code, message }`), `{}` for each value. */
function noticesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return noticesOf(path)
    return entry.name.endsWith('.ts') ? nodesIn(parse(readFileSync(path, 'utf8'))).flatMap(messagesIn) : []
  })
}
function messagesIn(node: ts.Node): string[] {
  if (!ts.isObjectLiteralExpression(node)) return []
  const find = (name: string) =>
    node.properties.find((property) => property.name && ts.isIdentifier(property.name) && property.name.text === name)
  const message = find('message')
  return find('code') && message && ts.isPropertyAssignment(message) ? textOf(message.initializer) : []
}
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('{}')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('[\\s\\S]*?')}$`,
  )

describe('sentences of the code in Chinese', () => {
  it('are sentences that the code still says', () => {
    const said = [...new Set([...sentencesOf('src'), ...sentencesOf('workers')])]
    const exact = new Set(said)
    const patterns = said.filter((text) => text.includes('{}') && text.replaceAll('{}', '').length >= 8).map(patternOf)
    const stale = Object.keys(zhMessages).filter((text) => !exact.has(text) && !patterns.some((one) => one.test(text)))
    expect(stale).toEqual([])
  })

  it('are there for every notice that the code writes', () => {
    const keys = Object.keys(zhMessages)
    // A message that begins with a value may have the words of that value in its sentence.
    const isKnown = (text: string): boolean =>
      translate(text.replaceAll('{}', '7')) !== null || keys.some((key) => patternOf(text).test(key))
    const notices = [...noticesOf('src'), ...noticesOf('workers')]
    expect(notices.length).toBeGreaterThan(20)
    const missing = notices.filter((text) => !isKnown(text) && !text.split(/(?<=[.!?]) (?=[^a-z])/).every(isKnown))
    expect(missing).toEqual([])
  })

  it('keep every value, and have no English left in them but names', () => {
    for (const [english, other] of Object.entries(zhMessages)) {
      const places = english.split('{}').length - 1
      const used = new Set(other.match(/\{\d\}/g) ?? [])
      expect([...used].toSorted(), english).toEqual(Array.from({ length: places }, (_, index) => `{${index}}`))
    }
    expect(Object.values(zhMessages).flatMap(latinWords)).toEqual([])
  })

  it('are found with their values, and values that are phrases are told too', () => {
    expect(translate('There is no sequence 7: there are 3, counted from 0.')).toBe('没有序列 7：共有 3 个，从 0 数起。')
    expect(translate('The address says dims=9, which is not a whole number from 2 to 3; it was ignored.')).toBe(
      '地址中的 dims=9 无效，应为 2 到 3 的整数；已忽略。',
    )
    expect(
      translate(
        'The graphics device was lost twice, so the model runs with WASM, on the processor. The backend can be chosen again in the model menu.',
      ),
    ).toBe('图形设备两次丢失，因此模型改用 WASM 在处理器上运行。可在模型菜单中重新选择后端。')
    expect(
      translate(
        'This model is no semantic segmentation model: it gives no scores of classes for each pixel. Choose one such as Xenova/segformer-b0-finetuned-ade-512-512.',
      ),
    ).toBe(
      '此模型不是语义分割模型：它不给出每个像素的类别分数。请选择语义分割模型，例如 Xenova/segformer-b0-finetuned-ade-512-512。',
    )
    expect(translate("The pattern can't be read: a ( is not closed.")).toBe('无法解读此表达式：有 ( 没有闭合。')
  })

  it('one after another are told one by one, and not at all where one is not known', () => {
    const known = 'There is no token 9: the sequence has 4, counted from 0. The address was ignored there.'
    expect(translate(known)).toBe('没有词元 9：该序列有 4 个，从 0 数起。地址中的这一处已忽略。')
    expect(translate(`${known} Nobody has ever said this.`)).toBeNull()
    expect(translate('')).toBeNull()
  })

  it('are not mixed up by what a user wrote', () => {
    const tell = createTranslator({ 'No “{}”.': '没有“{0}”。', 'No {}.': '没有{0}。', 'all of it': '全部' })
    expect(tell('No “a. B $& {0} \\ all of it”.')).toBe('没有“a. B $& {0} \\ all of it”。')
    expect(tell('No all of it.')).toBe('没有全部。')
    expect(tell('No constructor.')).toBe('没有constructor。')
  })
})

describe('the first language', () => {
  it('is the one that was chosen, else the first that the browser wants and that there is, else English', () => {
    expect(firstLanguage('zh', ['en-US'])).toBe('zh')
    expect(firstLanguage('en', ['zh-CN'])).toBe('en')
    expect(firstLanguage(null, ['zh-Hans-CN', 'en'])).toBe('zh')
    expect(firstLanguage(null, ['de-DE', 'zh', 'en'])).toBe('zh')
    expect(firstLanguage(null, ['de-DE'])).toBe('en')
    expect(firstLanguage('toString', [])).toBe('en')
  })
})
