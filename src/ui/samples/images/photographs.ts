import { pictures } from './credits'

/** The photographs as files. Rejects where one can't be fetched. */
export const fetchPhotographs = (): Promise<File[]> =>
  Promise.all(
    pictures.map(async ({ file }) => {
      const answer = await fetch(new URL(`pictures/${file}`, document.baseURI))
      if (!answer.ok) throw new Error(`${file}: ${answer.status}`)
      return new File([await answer.blob()], file, { type: 'image/jpeg' })
    }),
  )
