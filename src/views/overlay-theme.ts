export interface OverlayTheme {
  background: string
  line: string
  lineStrong: string
  text: string
  textSoft: string
  textFaint: string
  query: string
  key: string
  font: string
  fontToken: string
}

/** The colours and fonts of the page, for what is drawn on canvases. */
export function readOverlayTheme(element: Element): OverlayTheme {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return {
    background: read('--background'),
    line: read('--line'),
    lineStrong: read('--line-strong'),
    text: read('--text'),
    textSoft: read('--text-soft'),
    textFaint: read('--text-faint'),
    query: read('--query'),
    key: read('--key'),
    font: read('--font'),
    fontToken: read('--font-token'),
  }
}
