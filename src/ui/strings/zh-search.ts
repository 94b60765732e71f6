import type { Strings } from './en'

export const search: Strings['search'] = {
  name: '搜索词元',
  placeholder: '搜索',
  clear: '清除搜索',
  options: '搜索选项',
  how: '查找方式',
  matches: {
    exact: {
      name: '词元',
      hint: '与显示的整个词元相同，或与被切成多个词元的整个词、短语相同。##ing 不等于 ing。',
    },
    substring: { name: '部分', hint: '单独或连同相邻词元包含该文字的词元' },
    regex: {
      name: '正则',
      hint: '匹配词元或词的正则表达式，如 ^b.nk$ 或 \\d+。任何表达式都不会卡住页面。',
    },
  },
  caseSensitive: '区分大小写',
  firstOnly: '每个序列只取第一个',
  found: (_, text, sequences) => `${text} 个词元，在 ${sequences} 个序列中`,
  invalid: '表达式无效',
  none: '没有匹配的词元。',
  contained: (_, text) => `${text} 个词元包含它`,
  previous: '上一个匹配',
  next: '下一个匹配',
  place: (index, count) => `第 ${index} 个，共 ${count} 个`,
  clustering: '聚集度',
  clusteringDefinition:
    '匹配项在图中彼此有多近。对每个匹配项：与它同类的 k 个最近点中匹配项所占的比例（k = 10，不足则取其余全部匹配项），与随机情形相比：0 为随机，1 为全部聚在一起。对查询和键取平均。',
  clusteringHigh: '匹配项聚在一起',
  clusterChance: (share) => `随机 ${share}`,
  best: '聚集最明显的头',
  legend: (k, chance) => `0 = 随机，1 = 聚在一起；依据 ${k} 个最近点，随机比例 ${chance}`,
  sort: '按聚集度排列注意力头',
  sorted: '已按聚集度排列',
  notCompared: (why) => `${why}再次搜索可重试。`,
  scoring: '正在比较各注意力头……',
  tooFew: '至少两个匹配项才能计算聚集度。',
}
