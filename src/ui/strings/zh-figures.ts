import type { Strings } from './en'

const within = '对每个查询在其序列的可见键上计算，先对查询、再对序列取平均。'
const specific = '先（按序列、不含特殊词元）减去行均值和列均值：剩下的不能用受所有查询青睐的键来解释。'
const trust = '可信度：1 减去一项经缩放的排名之和，针对图中属于最近 12 个、而在联合空间中不属于的点。'
const sampled = '基于抽样的点。'
const axis = '主轴是全部图块的查询和键（各自以其均值为中心）的第一主轴；不含 CLS 和寄存器。'
const spearman = (what: string): string =>
  `沿注意力头主轴的位置与${what}的 Spearman 相关（取绝对值），对查询和键取平均。${axis}`

/** 注意力头各项指标（src/core/figures.ts）的中文；未列者以英文显示。 */
export const figureWords: Strings['figureWords'] = {
  fidelity_joint: {
    label: '一致性，联合空间',
    definition: `联合空间中查询与键的余弦距离和二者点积的 Spearman 相关。${within}−1：距离对键的排序与注意力相同。“注意力精确”用欧氏距离，必然得到 −1。`,
    high: '距离对键的排序与注意力不同',
  },
  fidelity_joint_unmasked: {
    label: '一致性，联合空间，含被遮蔽的对',
    definition: '同上，但计入序列的全部键，包括被因果遮蔽的：论文对 GPT-2 的算法。没有此种遮蔽的模型为空。',
    high: '距离对键的排序与不加遮蔽的注意力不同',
  },
  fidelity_joint_specific: {
    label: '查询特有一致性，联合空间',
    definition: `联合空间中除去所有查询共有部分后的一致性。${specific}`,
    high: '查询在热门键之外偏好的键并不在近处',
  },
  fidelity_picture: {
    label: '一致性，图中',
    definition: `图中查询与键的欧氏距离和二者点积的 Spearman 相关。${within}`,
    high: '图中键的排序与注意力不同',
  },
  fidelity_picture_specific: {
    label: '查询特有一致性，图中',
    definition: `图中除去所有查询共有部分后的一致性。${specific}`,
    high: '查询在热门键之外偏好的键没有画在近处',
  },
  recall5_joint: {
    label: '近邻召回率，联合空间',
    definition: `查询注意力最大的 5 个键中，属于联合空间最近 5 个键的比例。${within}可见键不超过 5 个的行不计入。`,
    high: '最近的键就是注意力最大的键',
  },
  recall5: {
    label: '近邻召回率，图中',
    definition: `查询注意力最大的 5 个键中，属于图中最近 5 个键的比例。${within}可见键不超过 5 个的行不计入。请与随机值比较。`,
    high: '图中最近的键就是注意力最大的键',
  },
  mass5: {
    label: '最近键上的注意力',
    definition: `图中最近 5 个键上的注意力，与注意力最大的 5 个键上的注意力之比。${within}权重仅由 q、k 和比例因子算出。`,
    high: '图中最近的键承载了注意力',
  },
  pairs: {
    label: '对数',
    definition: '联合空间一致性所依据的可见“查询–键”对数。',
    high: '一致性依据的对数很多',
  },
  c: {
    label: '缩放 c',
    definition: '查询乘以 c，键除以 c；除非联合方法另行选择，c 为 1。',
    high: '查询相对于键被拉长',
  },
  trust12: {
    label: '可信度',
    definition: `${trust}在全部点之间：多数近邻与该点同类，因此对“查询与键”说明不多。${sampled}`,
    high: '图中相近的点在联合空间中也相近',
  },
  trust12_qq: {
    label: '可信度，查询之间',
    definition: `${trust}只看查询之间。${sampled}`,
    high: '图中相近的查询在联合空间中也相近',
  },
  trust12_kk: {
    label: '可信度，键之间',
    definition: `${trust}只看键之间。${sampled}`,
    high: '图中相近的键在联合空间中也相近',
  },
  trust12_qk: {
    label: '可信度，查询与键之间',
    definition: `${trust}查询在键之间、键在查询之间。${sampled}`,
    high: '图中相近的查询与键在联合空间中也相近',
  },
  entropy: {
    label: '熵',
    definition: '查询注意力的熵 −Σ A ln A，先对至少有 2 个可见键的查询、再对序列取平均。',
    high: '注意力分散在许多键上',
  },
  entropy_normalised: {
    label: '熵（归一化）',
    definition: '查询注意力的熵与可能的最大值 ln(可见键数) 之比，对同样的查询取平均。',
    high: '注意力接近均匀',
  },
  sparsity: {
    label: '承载 90 % 的键',
    definition: '承载查询 90 % 注意力的可见键的最小比例，先对查询、再对序列取平均：低即稀疏。',
    high: '要许多键才能承载 90 % 的注意力',
  },
  attention_distance: {
    label: '注意距离',
    definition:
      '查询看多远，Σ A[i,j]·|i−j|，以词元计（图像：图块网格上的距离，只计图块，其注意力缩放到和为 1），先对查询、再对序列取平均。',
    high: '该头看得很远',
  },
  previous: {
    label: '前一词元',
    definition: '落在查询前一个词元上的注意力 A[i,i−1]，先对有前一词元的查询、再对序列取平均。',
    high: '每个词元都看前一个',
  },
  next: {
    label: '后一词元',
    definition: '落在查询后一个词元上的注意力 A[i,i+1]，先对看得到它的查询、再对序列取平均；因果遮蔽下为空。',
    high: '每个词元都看后一个',
  },
  self: {
    label: '自身词元',
    definition: '落在查询自身词元上的注意力 A[i,i]，先对查询、再对序列取平均。',
    high: '每个词元都看自己',
  },
  first_token: {
    label: '首词元',
    definition: '落在序列首词元上的注意力 A[i,0]，先对首词元以外看得到它的查询、再对序列取平均。',
    high: '首词元得到大部分注意力，往往是闲置的头',
  },
  special_mass: {
    label: '特殊词元',
    definition:
      '落在特殊词元上的注意力（按编号识别，如 [CLS] 和 [SEP]；图像为 CLS 和寄存器），先对查询、再对序列取平均。',
    high: '特殊词元得到大部分注意力，往往是闲置的头',
  },
  duplicate_token: {
    label: '重复词元',
    definition: '落在查询词元之前各次出现（同编号、同序列）上的注意力，先对有此种出现的查询、再对序列取平均。',
    high: '出现过的词元会看之前的自己',
  },
  induction: {
    label: '归纳',
    definition:
      '落在查询词元之前某次出现的后一词元上的注意力（不含查询自身），先对有此种词元的查询、再对序列取平均；标准测试是重复的随机词元。',
    high: '该头会看上次之后出现的词元',
  },
  attention_distance_px: {
    label: '注意距离（像素）',
    definition:
      '图块看多远，以模型所见的像素计：图块网格上的距离 × 图块边长，只计图块，其注意力缩放到和为 1，先对图块、再对图像取平均。',
    high: '该头在图像上看得很远',
  },
  look_at_self: {
    label: '最看自己',
    definition: '最强的键是自身的图块所占的比例，CLS 和寄存器也算作键（并列者均分），对图像取平均。',
    high: '图块最看自己',
  },
  cls_mass: {
    label: '图块看 CLS',
    definition: '图块落在 CLS（位于最前的词元）上的注意力，先对图块、再对图像取平均。',
    high: '图块都看 CLS，往往是闲置的头',
  },
  register_mass: {
    label: '图块看寄存器',
    definition:
      '图块落在 CLS 与图块之间的词元（寄存器或蒸馏词元）上的注意力，先对图块、再对图像取平均；没有此类词元的模型为空。',
    high: '图块都看寄存器，往往是闲置的头',
  },
  same_row: {
    label: '同一行',
    definition: '图块落在同行其他图块上的注意力（图块上的注意力缩放到和为 1），先对图块、再对图像取平均。',
    high: '图块沿着所在的行看',
  },
  same_column: {
    label: '同一列',
    definition: '图块落在同列其他图块上的注意力（图块上的注意力缩放到和为 1），先对图块、再对图像取平均。',
    high: '图块沿着所在的列看',
  },
  axis_hue: {
    label: '主轴与色相',
    definition: `沿注意力头主轴的位置与图块色相的圆–线相关（Mardia；不含灰色），对查询和键取平均。${axis}`,
    high: '该头按色相排列图块',
  },
  axis_brightness: { label: '主轴与亮度', definition: spearman('图块亮度'), high: '该头按亮度排列图块' },
  axis_frequency: {
    label: '主轴与频率',
    definition: spearman('图块纹理细密程度（每块的周期数；不含素色图块）'),
    high: '该头按纹理排列图块',
  },
  axis_row: { label: '主轴与行', definition: spearman('图块所在行'), high: '该头自上而下排列图块' },
  axis_column: { label: '主轴与列', definition: spearman('图块所在列'), high: '该头从左到右排列图块' },
  q_norm: {
    label: '查询范数',
    definition: '原始查询的平均 2-范数，平移和缩放之前。',
    high: '查询很长：得分可以很尖锐',
  },
  k_norm: {
    label: '键范数',
    definition: '原始键的平均 2-范数，平移和缩放之前。',
    high: '键很长：得分可以很尖锐',
  },
  norm_gap: { label: '范数差', definition: '平均查询范数减平均键范数。', high: '查询比键长' },
}
