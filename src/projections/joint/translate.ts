import { translateKeys } from '../../core/joint'
import type { JointMethod } from '../types'

export const method: JointMethod = { id: 'translate', apply: async (head) => translateKeys(head) }
