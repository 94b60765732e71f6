import { AppError } from '../../core/errors'
import type { JointId } from '../../core/types'
import type { JointInfo, JointMethod } from '../types'

/** One file and one line here make a joint method. */
const methods: Record<JointId, JointInfo & { load(): Promise<{ method: JointMethod }> }> = {
  raw: {
    id: 'raw',
    label: 'Raw',
    description: 'Queries and keys as the model has them.',
    byConstruction: false,
    load: () => import('./raw'),
  },
  translate: {
    id: 'translate',
    label: 'Translated',
    description: 'Keys moved so that both centroids meet. Attention stays as it is.',
    byConstruction: false,
    load: () => import('./translate'),
  },
  scale: {
    id: 'scale',
    label: 'Translated and scaled',
    description: 'Queries times c, keys divided by c, then translated. Dot products stay as they are.',
    byConstruction: false,
    load: () => import('./scale'),
  },
  lift: {
    id: 'lift',
    label: 'Attention-exact lift',
    description:
      'One more dimension makes distances rank keys exactly as dot products do; large keys squeeze the picture.',
    byConstruction: true,
    load: () => import('./lift'),
  },
}

export const jointInfos: readonly JointInfo[] = Object.values(methods)

export const isJointId = (id: string): id is JointId => Object.hasOwn(methods, id)

/** The joint method of that name. Throws NOT_AVAILABLE for a name that is not one. */
export async function loadJointMethod(id: string): Promise<JointMethod> {
  if (!isJointId(id)) {
    const names = Object.keys(methods).join(', ')
    throw new AppError('NOT_AVAILABLE', `There is no joint method “${id}”: choose one of ${names}.`)
  }
  return (await methods[id].load()).method
}

export const jointInfo = (id: JointId): JointInfo => methods[id]
