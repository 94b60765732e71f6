import type { Strings } from './en'

/** 导出列表的文字。 */
export const exporting: Strings['exporting'] = {
  title: '导出',
  as: (what, format) => `${what}，${format} 格式`,
  rows: {
    figure: {
      name: '当前的图',
      hint: 'SVG：各点，附注意力头、模型和设置。PNG：当前视图所见，清晰度加倍',
    },
    coordinates: { name: '点坐标', hint: '每个查询和键在图中的位置' },
    figures: { name: '注意力头指标', hint: '每个注意力头一行' },
    vectors: { name: '查询、键、值', hint: '模型算出的原始向量，供 NumPy 使用' },
    attention: { name: '注意力权重', hint: '当前注意力头；在总览中为全部注意力头。供 NumPy 使用' },
  },
  link: {
    name: '当前视图的链接',
    hint: '不含您的文本，除非文本本就来自链接',
    copy: '复制',
    copied: '已复制',
    blocked: '浏览器不允许本页复制：请从地址栏取得链接。',
  },
  spreadsheet: 'CSV 已为电子表格作安全处理：可能被当作公式的内容前加了单引号。',
}
