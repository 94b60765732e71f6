import type { Strings } from './en'

/** 会话与已存数据菜单的文字。 */
export const storage: Strings['storage'] = {
  name: '保存与导出',
  session: '会话',
  sessionHint: '文本、设置和绘出的图存为一个文件。无需模型即可打开，在别的电脑上也行。',
  save: '存为文件',
  saving: '正在保存……',
  open: '打开文件…',
  nothing: '还没有可保存的图。',
  foreign: '这幅图读自会话文件，并非在此计算。',
  compute: '在此计算',
  otherTab: '已在另一标签页打开：此处的更改不会保存。',
  otherTabHint: '只有一个标签页保存文本和设置。另一个关闭后，由此页保存。',
  takeOver: '改由此页保存',
  stored: '存于此浏览器',
  kinds: {
    results: { name: '结果', hint: '向量、绘出的图和指标：重新载入时无需计算' },
    models: { name: '模型', hint: '下载的权重和分词器' },
    inputs: { name: '文本与图像', hint: '您输入或打开的内容、其留存部分和最近的模型' },
  },
  results: (count, size) => `${count} · ${size}`,
  none: '无',
  unknown: '此处不保存',
  remove: '删除',
  removeNamed: (name) => `删除：${name}`,
  removeAll: '全部删除',
  sure: '确定全部删除？',
}
