import { liftKeys } from '../../core/joint'
import type { JointMethod } from '../types'

export const method: JointMethod = { id: 'lift', apply: async (head) => liftKeys(head) }
