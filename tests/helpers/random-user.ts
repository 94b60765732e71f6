import type { Page } from '@playwright/test'
import { createRandom } from '../../src/core/random'

interface Control {
  role: string
  name: string
  x: number
  y: number
  options: number
}

/** Everything that can be used on the screen now, as assistive technology names it. */
const controlsOn = (page: Page) =>
  page.evaluate(() => {
    const query =
      'button, a[href], input:not([type=file]), textarea, select, summary, [role=button], [role=tab], canvas'
    return [...document.querySelectorAll<HTMLElement>(query)].flatMap((element) => {
      const box = element.getBoundingClientRect()
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
      const isInside = x > 0 && y > 0 && x < innerWidth && y < innerHeight && box.width > 2 && box.height > 2
      if (!isInside || (element as HTMLButtonElement).disabled) return []
      const hit = document.elementFromPoint(x, y)
      if (!hit || !(element.contains(hit) || hit.contains(element))) return []
      const name = element.ariaLabel ?? (element.innerText || element.title || element.id)
      const options = element instanceof HTMLSelectElement ? element.options.length : 0
      return [{ role: element.role ?? element.tagName.toLowerCase(), name: name.slice(0, 60), x, y, options }]
    })
  })

const keys =
  'ArrowLeft ArrowRight ArrowUp ArrowDown Enter Escape Escape l 0 n t p / ? Tab Tab Space Control+z Control+Shift+z'.split(
    ' ',
  )
const phrases = [
  'the',
  'L3H9',
  '<b>bold</b> & "quotes"',
  'Ein größerer Satz, 猫は座った 🐈‍⬛.',
  '(((((a+)+)+)+)+$',
  'first ||| second',
  '0',
  '   ',
]

/** A user who does anything that can be done, chosen by a seed; `log` tells what was done. */
export class RandomUser {
  readonly log: string[] = []
  readonly #page: Page
  readonly #random: () => number
  readonly #avoids: RegExp

  /** @param avoids names of what is left alone */
  constructor(page: Page, seed: number, avoids: RegExp) {
    this.#page = page
    this.#random = createRandom(seed)
    this.#avoids = avoids
  }

  async act(): Promise<void> {
    const die = this.#random()
    if (die < 0.55) await this.#use()
    else if (die < 0.75) await this.#press(this.#pick(keys))
    else if (die < 0.93) await this.#point()
    else if (die < 0.95) await this.#go()
    else if (die < 0.97) await this.#resize()
    else await this.#type()
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }

  #between(low: number, high: number): number {
    return Math.round(low + this.#random() * (high - low))
  }

  async #use(): Promise<void> {
    const all = (await controlsOn(this.#page)).filter(({ name }) => !this.#avoids.test(name))
    if (all.length === 0) return
    const control: Control = this.#pick(all)
    this.log.push(`${control.role} “${control.name}”`)
    if (control.options > 0) {
      await this.#page.mouse.move(control.x, control.y)
      const index = this.#between(0, control.options - 1)
      await this.#page.evaluate(
        ({ x, y, index }) => {
          const select = document.elementFromPoint(x, y)?.closest('select')
          if (!select) return
          select.selectedIndex = index
          select.dispatchEvent(new Event('change', { bubbles: true }))
        },
        { ...control, index },
      )
      return
    }
    await this.#page.mouse.click(control.x, control.y)
    if (/input|textarea/.test(control.role) && this.#random() < 0.7) await this.#type()
  }

  async #press(key: string): Promise<void> {
    this.log.push(`key ${key}`)
    await this.#page.keyboard.press(key)
  }

  async #type(): Promise<void> {
    const phrase = this.#pick(phrases)
    this.log.push(`types ${phrase}`)
    await this.#page.keyboard.insertText(phrase)
  }

  /** Somewhere on the picture: hover, click, drag, wheel. */
  async #point(): Promise<void> {
    const { width, height } = this.#page.viewportSize()!
    const [x, y] = [this.#between(4, width - 4), this.#between(60, height - 30)]
    const { mouse } = this.#page
    await mouse.move(x, y)
    const what = this.#pick(['hover', 'click', 'drag', 'shift-drag', 'wheel', 'double'])
    this.log.push(`${what} at ${x}, ${y}`)
    if (what === 'click') await mouse.click(x, y)
    if (what === 'double') await mouse.dblclick(x, y)
    if (what === 'wheel') await mouse.wheel(0, this.#between(-400, 400))
    if (!what.endsWith('drag')) return
    if (what === 'shift-drag') await this.#page.keyboard.down('Shift')
    await mouse.down()
    await mouse.move(x + this.#between(-150, 150), y + this.#between(-150, 150), { steps: 3 })
    await mouse.up()
    if (what === 'shift-drag') await this.#page.keyboard.up('Shift')
  }

  /** Through the browser's history, which may lead nowhere; not out of the page. */
  async #go(): Promise<void> {
    const step = this.#pick([-1, 1])
    this.log.push(`history ${step}`)
    await this.#page.evaluate((by) => {
      const { navigation } = window as unknown as {
        navigation: { currentEntry: { index: number }; entries(): { sameDocument: boolean }[] }
      }
      if (navigation.entries()[navigation.currentEntry.index + by]?.sameDocument) history.go(by)
    }, step)
  }

  async #resize(): Promise<void> {
    const size = this.#pick([
      { width: 360, height: 740 },
      { width: 1024, height: 700 },
      { width: 1440, height: 900 },
    ])
    this.log.push(`size ${size.width}`)
    await this.#page.setViewportSize(size)
  }
}
