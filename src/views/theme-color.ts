import { parseHex, type Rgb } from '../encodings/colors'

/** Bytes of a theme colour, which the style sheet writes as #rrggbb. */
export const rgbOf = (style: string): Rgb => (/^#[\da-f]{6}$/i.test(style) ? parseHex(style) : [128, 128, 128])
