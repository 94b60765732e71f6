import { expect, test } from 'vitest'
import { missingRoom } from '../../../src/ui/storage-room'

const storage = { used: 700, quota: 1000, persisted: false }

test.each([
  ['fits', { bytes: 300, isStored: false }, storage, null],
  ['does not fit', { bytes: 301, isStored: false }, storage, 300],
  ['is stored already', { bytes: 900, isStored: true }, storage, null],
  ['is of unknown size', { bytes: null, isStored: false }, storage, null],
  ['meets a browser that says nothing', { bytes: 900, isStored: false }, { ...storage, quota: null }, null],
  ['meets a browser without storage', { bytes: 900, isStored: false }, null, null],
  ['meets storage that is over its limit', { bytes: 1, isStored: false }, { ...storage, used: 1200 }, 0],
])('a download that %s', (_, file, use, left) => {
  expect(missingRoom(file, use)).toBe(left)
})
