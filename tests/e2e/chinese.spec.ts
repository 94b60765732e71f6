import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { presets } from '../../src/state/model-library'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'
import { latinWords } from '../helpers/chinese'

test.use({ locale: 'zh-CN' })

/** What models and the browser name: not words of the interface. */
const content =
  /bge-small-en-v1\.5|dinov2-small|smollm2-135m-instruct|\b(BAAI|facebook|HuggingFaceTB)\/[\w.-]+|Apache-2\.0|\bMIT\b|\bint8\b/g
const modelNames = new Set(presets.flatMap(({ id, name }) => [id, name]))
const specialTokens = /\[(CLS|SEP|UNK)\]/g

/** Every text, name and hint of the page, seen or only heard. */
const wordsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = []
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest('script, style, textarea') || !element.checkVisibility()) continue
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description'])
        found.push(element.getAttribute(name) ?? '')
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent ?? '')
    }
    return found
  })

async function englishOf(page: Page): Promise<string[]> {
  const words = (await wordsOf(page)).filter((text) => !modelNames.has(text))
  return words.filter((text) => latinWords(text.replace(content, '').replace(specialTokens, '')).length > 0)
}

const serious = async (page: Page): Promise<string[]> =>
  (await new AxeBuilder({ page }).setLegacyMode().analyze()).violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id }) => id)

test('a first run in Chinese says no English word, from the first picture to one sentence', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm')
  const check = async (name: string) => expect.soft(await englishOf(page), name).toEqual([])
  const button = (name: string | RegExp) => page.getByRole('button', { name })

  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans')
  await expect(page.getByRole('heading', { name: '一眼看遍所有注意力头' })).toBeVisible()
  await expect(button('探索这 24 个示例句子')).toBeVisible()
  await check('first picture')
  expect.soft(await serious(page)).toEqual([])

  await button(/^试试/).click()
  await ready(page)
  await check('all heads')
  await page.getByRole('combobox', { name: '注意力头的指标' }).selectOption({ label: '归纳' })
  await expect(page.getByRole('list', { name: '排在最前的头' })).toBeVisible()
  await check('heads by a figure')
  expect.soft(await serious(page)).toEqual([])

  for (const name of [/^模型/, '空间与投影', /^颜色/, '保存与导出', /^离开本站的请求/]) {
    await button(name).first().click()
    await check(String(name))
    await page.keyboard.press('Escape')
  }
  await button('按键与帮助').click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await check('help')
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  await expect(page.getByRole('textbox', { name: '文本，每行一句' })).toBeVisible()
  await check('text panel')

  await page.getByRole('textbox', { name: '文本，每行一句' }).fill('猫坐在门口，猫看着门。\n1 2 3 1 2 3')
  await button(/^显示/).first().click()
  await ready(page)
  await page.keyboard.press('Escape')
  const box = page.getByRole('application')
  await box.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: '转到注意力头' })).toBeVisible()
  await page.getByText('全部指标').click()
  await check('one head')
  await page.evaluate(() => (location.hash = 'view=sequence&head=L3H3&sequence=0&token=3'))
  await expect(page.getByRole('button', { name: /^键 2：|^键 2:/ })).toBeVisible()
  await check('one sentence')
  expect.soft(await serious(page)).toEqual([])

  // A failure is told in Chinese too; its code stays.
  await expect(call(page, 'open', { model: 'builtin:nothing' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  await expect(page.getByRole('alert')).toContainText('没有这个模型')
  await expect(page.getByRole('alert')).toContainText('没有名为“nothing”的内置模型')
  expect(problems).toEqual([])
})

test('the language changes in place, is remembered, and an address that names one is heeded', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('backend=wasm&view=head&head=L2H5')
  await call(page, 'setTexts', ['猫坐在门口。'])
  await ready(page)
  await page.evaluate(() => Object.assign(window, { stays: true }))
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('textbox', { name: 'Go to head' })).toHaveValue('L2 H5')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  expect(await page.evaluate(() => 'stays' in window)).toBe(true)
  expect(await call(page, 'state')).toMatchObject({ status: 'ready', lang: 'en', view: 'head', head: 'L2H5' })

  await page.reload()
  await ready(page)
  await expect(page.getByRole('button', { name: 'Keys and help' })).toBeVisible()
  await page.evaluate(() => (location.hash = 'lang=zh'))
  await expect(page.getByRole('button', { name: '按键与帮助' })).toBeVisible()
  // On a phone the language is in the help; the address that says another one follows.
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
  await page.getByRole('button', { name: '按键与帮助' }).click()
  await page.getByRole('dialog').getByRole('radio', { name: 'English' }).check()
  await expect(page.getByRole('heading', { name: 'How to read it' })).toBeVisible()
  expect(await page.evaluate(() => location.hash)).toContain('lang=en')
  expect(problems).toEqual([])
})
