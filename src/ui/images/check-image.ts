import { holdsHtml, imageHeaderBytes, judgeImage, readImageHeader, type ImageProblem } from '../../core/image-file'

/** Reads the first bytes, then tries to decode; vector pictures are only looked at. */
export async function checkImage(file: Blob): Promise<ImageProblem> {
  try {
    const header = readImageHeader(new Uint8Array(await file.slice(0, imageHeaderBytes).arrayBuffer()))
    const problem = judgeImage(file.size, header)
    if (problem !== 'none') return problem
    if (header?.format === 'svg') return await checkVector(file)
    const bitmap = await createImageBitmap(file)
    bitmap.close()
    return 'none'
  } catch {
    return 'broken'
  }
}

async function checkVector(file: Blob): Promise<ImageProblem> {
  if (holdsHtml(await file.text())) return 'html'
  const url = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    return 'none'
  } finally {
    URL.revokeObjectURL(url)
  }
}

const imageName = /\.(jpe?g|jfif|png|apng|webp|avif|gif|svg|bmp|hei[cf]|tiff?|ico)$/i

/** Whether a dropped or pasted file is meant as a picture, by its type or else its name. */
export const isMeantAsImage = ({ type, name }: { type: string; name: string }): boolean =>
  type.startsWith('image/') || ((type === '' || type === 'application/octet-stream') && imageName.test(name))

/** A mixed drop, sorted. */
export function sortFiles<T extends { type: string; name: string }>(files: Iterable<T>): { images: T[]; texts: T[] } {
  const all = [...files]
  return { images: all.filter(isMeantAsImage), texts: all.filter((file) => !isMeantAsImage(file)) }
}
