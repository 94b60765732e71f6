import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

const lines = ['=SUM(1, 2) is no formula here.', 'Nobody saw the second flood of that year.']

async function download(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: button, exact: true }).click()
  const file = await coming
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

test('the picture, its numbers and a link are taken away from the menu', async ({ openApp, context, problems }) => {
  const page = await openApp('backend=wasm')
  await page.getByRole('button', { name: 'Save and export' }).click()
  await expect(page.getByRole('button', { name: 'Points as CSV' })).toBeDisabled()
  await page.keyboard.press('Escape')
  await call(page, 'setTexts', lines)
  await ready(page)
  await call(page, 'set', { view: 'head', head: 'L3H9' })
  await page.getByRole('button', { name: 'Save and export' }).click()

  const points = await download(page, 'Points as CSV')
  expect(points.name).toBe('bge-small-en-v1.5-coordinates.csv')
  const rows = points.bytes.toString('utf8').trim().split('\n')
  expect(rows[0]).toContain('layer,head')
  // No token begins a formula in a spreadsheet.
  expect(rows.some((row) => row.includes("'="))).toBe(true)

  const figures = await download(page, 'Head figures as JSON')
  const { figures: heads } = JSON.parse(figures.bytes.toString('utf8')) as { figures: unknown[] }
  expect(heads).toHaveLength(144)

  const png = await download(page, 'This picture as PNG')
  expect(png.bytes.subarray(1, 4).toString('latin1')).toBe('PNG')
  const svg = await download(page, 'This picture as SVG')
  expect(svg.bytes.toString('utf8')).toContain('L3 H9')

  // Of the opened head alone: a file for one head, not for 144.
  const attention = await download(page, 'Attention as NPZ')
  expect(attention.name).toBe('bge-small-en-v1.5-attention.npz')
  expect(attention.bytes.length).toBeLessThan(100_000)

  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).toContain('head=L3H9')
  expect(link).not.toContain('formula')
  expect(problems).toEqual([])
})
