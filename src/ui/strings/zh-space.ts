import type { Strings } from './en'

/** 联合空间与投影设置的文字。 */
export const space: Strings['space'] = {
  button: '空间与投影',
  changed: '与默认设置不同',
  joint: '查询与键如何合到一起',
  joints: {
    raw: { name: '保持原样', hint: '在大多数注意力头中是两团相距很远的点。' },
    translate: { name: '中心重合', hint: '把键移到查询处。注意力不变。' },
    scale: { name: '重合并缩放', hint: '查询 × c，键 ÷ c，取使距离最能反映注意力的 c。点积不变。' },
    lift: {
      name: '注意力精确',
      hint: '增加一维，使最近的键就是注意力最大的键。过大的键会把图压扁。',
    },
  },
  noJoint: 'QK 轴直接由 q·k 得出：这里无需选择。',
  metrics: {
    cosine: { name: '余弦', hint: '只看方向' },
    euclidean: { name: '欧氏', hint: '长度也计入' },
  },
  parameters: {
    metric: { name: '距离', hint: '如何衡量两个向量的远近' },
    neighbors: { name: '邻居数', hint: '少则见局部，多则见整体形状' },
    mindist: { name: '最小距离', hint: '图中的点最近能靠到多近' },
    perplexity: { name: '邻居数', hint: '每个点大约与多少个点保持相近' },
    epochs: { name: '轮数', hint: '布局优化多久；留空则自动决定' },
    seed: { name: '随机种子', hint: '种子相同，图相同' },
    follow: { name: '跟随注意力', hint: '0 只画向量的远近。数值越高，查询越靠近它所注意的键。' },
  },
  automatic: '自动',
  reset: '恢复默认',
}
