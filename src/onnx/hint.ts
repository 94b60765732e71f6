import type { NodeIndex } from './model-index'

/** The path of modules in a node's name, without its last part. */
export function hintOf(node: NodeIndex): string {
  const parts = node.name.split('/').filter(Boolean)
  return parts.length > 1 ? parts.slice(0, -1).join('.') : ''
}
