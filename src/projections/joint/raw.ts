import { keepRaw } from '../../core/joint'
import type { JointMethod } from '../types'

export const method: JointMethod = { id: 'raw', apply: async (head) => keepRaw(head) }
