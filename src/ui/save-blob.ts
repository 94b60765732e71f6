/** Hands a file to the user as a download. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken hold of it once the click's turn is over.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
