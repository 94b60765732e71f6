import { describe, expect, it } from 'vitest'
import type { Sequence } from '../../../src/core/types'
import { formatBytes, formatDuration, formatFigure } from '../../../src/ui/format'
import { formatHead, isSameHead, neighbourOf, parseHead } from '../../../src/ui/head-name'
import { isByteLevel, shorten, showToken } from '../../../src/ui/show-token'
import { readTextBytes, splitLines } from '../../../src/ui/text-lines'

describe('names of heads', () => {
  it.each(['L3H9', 'l3 h9', 'L3 H9', '3.9', '3-9', '3 9', ' 3,9 ', '3/9', '3:9', 'layer 3 head 9'])(
    'reads %s',
    (text) => {
      expect(parseHead(text, 12, 12)).toEqual({ layer: 3, head: 9 })
    },
  )

  it.each(['', '39', 'L12H0', 'L0H12', '-1.2', 'three nine', '3.9.1', 'H9'])('refuses %s', (text) => {
    expect(parseHead(text, 12, 12)).toBeNull()
  })

  it('counts from one where the user does', () => {
    expect(parseHead('L1H1', 12, 12, 1)).toEqual({ layer: 0, head: 0 })
    expect(parseHead('L0H1', 12, 12, 1)).toBeNull()
    expect(formatHead({ layer: 3, head: 9 })).toBe('L3 H9')
    expect(formatHead({ layer: 3, head: 9 }, 1)).toBe('L4 H10')
  })

  it('finds neighbours up to the edges', () => {
    expect(neighbourOf({ layer: 0, head: 0 }, 'left', 2, 3)).toBeNull()
    expect(neighbourOf({ layer: 0, head: 0 }, 'up', 2, 3)).toBeNull()
    expect(neighbourOf({ layer: 0, head: 1 }, 'right', 2, 3)).toEqual({ layer: 0, head: 2 })
    expect(neighbourOf({ layer: 0, head: 2 }, 'right', 2, 3)).toBeNull()
    expect(neighbourOf({ layer: 0, head: 2 }, 'down', 2, 3)).toEqual({ layer: 1, head: 2 })
    expect(isSameHead({ layer: 1, head: 2 }, { layer: 1, head: 2 })).toBe(true)
    expect(isSameHead({ layer: 1, head: 2 }, null)).toBe(false)
  })
})

describe('tokens as people read them', () => {
  it('shows the spaces and line ends of byte-level vocabularies', () => {
    expect(showToken('Ġthe', true)).toBe('␣the')
    expect(showToken('Ċ', true)).toBe('↵')
    expect(showToken('ĉ', true)).toBe('⇥')
    expect(showToken('cafÃ©', true)).toBe('café')
    expect(showToken('Ġä½łå¥½', true)).toBe('␣你好')
  })

  it('shows bytes that are no character in hex', () => {
    expect(showToken('Ã', true)).toBe('⟨C3⟩')
    expect(showToken('Ġâ', true)).toBe('␣⟨E2⟩')
    expect(showToken('<0xE2>', false)).toBe('⟨E2⟩')
    expect(showToken('<0x0A>', false)).toBe('↵')
  })

  it('leaves other vocabularies as they are, but for their spaces', () => {
    expect(showToken('##ing', false)).toBe('##ing')
    expect(showToken('é', false)).toBe('é')
    expect(showToken('▁the', false)).toBe('␣the')
    expect(showToken('cat</w>', false)).toBe('cat')
    expect(showToken('[SEP]', true)).toBe('[SEP]')
    expect(showToken('\u0007', false)).toBe('U+0007')
  })

  it('knows byte-level vocabularies by their marks', () => {
    const sequence = (text: string, special: boolean): Sequence => ({
      id: 'a',
      name: 'a',
      tokens: [{ id: 1, text, special }],
      truncated: 0,
    })
    expect(isByteLevel([sequence('Ġthe', false)])).toBe(true)
    expect(isByteLevel([sequence('the', false)])).toBe(false)
    expect(isByteLevel([])).toBe(false)
  })

  it('shortens by characters, not by halves of them', () => {
    expect(shorten('short', 5)).toBe('short')
    expect(shorten('longer', 5)).toBe('long…')
    expect(shorten('😀😀😀', 2)).toBe('😀…')
  })
})

describe('lines of text', () => {
  it('keeps lines verbatim and counts blank ones', () => {
    expect(splitLines('a\r\n\r\n b \n\n')).toEqual({ lines: ['a', ' b '], blank: 2 })
    expect(splitLines('one')).toEqual({ lines: ['one'], blank: 0 })
    expect(splitLines('one\n')).toEqual({ lines: ['one'], blank: 0 })
    expect(splitLines('')).toEqual({ lines: [], blank: 0 })
  })

  it('reads UTF-8 and marked UTF-16', () => {
    expect(readTextBytes(new TextEncoder().encode('naïve 😀'))).toEqual({ ok: true, text: 'naïve 😀' })
    expect(readTextBytes(Uint8Array.of(0xff, 0xfe, 0x61, 0x00, 0x62, 0x00))).toEqual({ ok: true, text: 'ab' })
    expect(readTextBytes(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toEqual({ ok: true, text: 'a' })
  })

  it('names what is no text', () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)
    expect(readTextBytes(png)).toEqual({ ok: false, why: 'binary' })
    expect(readTextBytes(Uint8Array.from({ length: 300 }, (_, index) => 1 + ((index * 7) % 255)))).toEqual({
      ok: false,
      why: 'binary',
    })
    expect(readTextBytes(Uint8Array.of(0x63, 0x61, 0x66, 0xe9))).toEqual({ ok: false, why: 'encoding' })
    expect(readTextBytes(new Uint8Array(0))).toEqual({ ok: false, why: 'empty' })
    expect(readTextBytes(new TextEncoder().encode(' \n '))).toEqual({ ok: false, why: 'empty' })
    expect(readTextBytes(new Uint8Array(20 * 1024 * 1024 + 1).fill(97))).toEqual({ ok: false, why: 'big' })
  })
})

describe('figures', () => {
  it('writes a real minus, no leading zero, and a dash for what is not there', () => {
    expect(formatFigure(-0.934)).toBe('−.93')
    expect(formatFigure(0.005)).toBe('.01')
    expect(formatFigure(-0)).toBe('.00')
    expect(formatFigure(-0.001)).toBe('.00')
    expect(formatFigure(1)).toBe('1.00')
    expect(formatFigure(0.9999)).toBe('1.00')
    expect(formatFigure(-1)).toBe('−1.00')
    expect(formatFigure(null)).toBe('–')
    expect(formatFigure(NaN)).toBe('–')
  })

  it('says durations and sizes in one unit', () => {
    expect(formatDuration(0)).toBe('1 s')
    expect(formatDuration(2600)).toBe('3 s')
    expect(formatDuration(120_000)).toBe('2 min')
    expect(formatDuration(9_000_000)).toBe('3 h')
    expect(formatBytes(999)).toBe('999 B')
    expect(formatBytes(34_014_426)).toBe('34 MB')
    expect(formatBytes(1_500)).toBe('1.5 kB')
  })
})
