import type { Strings } from './en'

/** 错误目录（src/core/error-catalogue.ts）的中文。 */
export const errors: Strings['errors'] = {
  MODEL_NOT_FOUND: {
    title: '没有这个模型',
    meaning: '没有这个名称的模型，或者它是私有的（浏览器无法区分二者）。',
    advice: '请检查 owner/name 的拼写，或选择内置模型。',
  },
  NO_ONNX_FILE: {
    title: '没有合适的 ONNX 文件',
    meaning: '该模型没有所要求的 ONNX 权重。',
    advice: '请选择其他权重格式，或含有 onnx/ 文件夹的仓库。',
  },
  NOT_ONNX: {
    title: '不是 ONNX 文件',
    meaning: '收到的不是 ONNX 模型：可能是网页、其他格式或损坏的文件。',
    advice: '请重新下载文件，或选择其他模型。',
  },
  TRUNCATED: { title: '文件不完整', meaning: '模型文件过早结束。', advice: '请重试：很可能是连接中断。' },
  WRONG_HASH: {
    title: '文件已损坏',
    meaning: '文件的校验和与主机给出的不同。',
    advice: '请重试；若再次发生，则是主机上的文件已损坏。',
  },
  EXTERNAL_DATA_MISSING: {
    title: '缺少权重',
    meaning: '模型的权重存于另一个文件，而该文件不在。',
    advice: '请加入该模型的数据文件。',
  },
  NO_ATTENTION_FOUND: {
    title: '未找到注意力',
    meaning: '在模型的计算图中没有找到注意力。',
    advice: '请选择 Transformer 模型。',
  },
  NOT_SEGMENTATION: {
    title: '不是分割模型',
    meaning: '要求标注图块的模型不说明图像的每个像素是什么，或没有类别名称。',
    advice: '请选择语义分割模型，或拖入掩码或标签表格。',
  },
  UNSUPPORTED_OP: {
    title: '不支持这种注意力',
    meaning: '该模型计算注意力的方式尚不支持。',
    advice: '请选择该模型的其他导出文件。',
  },
  CONTROL_FLOW: {
    title: '不支持的控制流',
    meaning: '模型计算图内部的分支方式尚不支持。',
    advice: '请选择没有合并解码器的导出文件。',
  },
  NEEDS_OTHER_INPUT: {
    title: '模型需要其他输入',
    meaning: '模型需要本应用不能提供的输入（音频、嵌入等）。',
    advice: '请选择文本或图像模型。',
  },
  DTYPE_UNSUPPORTED: {
    title: '不支持的数值格式',
    meaning: '本设备无法用这种数值格式的权重计算。',
    advice: '请选择 fp32 或 q8 权重。',
  },
  TOO_BIG: {
    title: '超出本设备的能力',
    meaning: '模型或输入所需的内存超过浏览器标签页在此能有的。',
    advice: '请选择更小的权重，或减少输入。',
  },
  TAP_LOST: {
    title: '查询和键丢失',
    meaning: '运行时把绘图所需的部分优化掉了。',
    advice: '请重新载入模型；若再次发生，请换用另一后端。',
  },
  SHAPE_SURPRISE: {
    title: '形状不符',
    meaning: '模型给出的数值形状与计算图所述不同。',
    advice: '请选择该模型的其他导出文件。',
  },
  VERIFY_FAILED: {
    title: '自检未通过',
    meaning: '从模型读出的内容不能得出模型自己计算的注意力。',
    advice: '请勿相信由此文件绘出的图；请选择其他导出文件。',
  },
  TOKENIZER_FAILED: {
    title: '无法使用分词器',
    meaning: '模型的分词器文件缺失或无法读取。',
    advice: '请选择含有 tokenizer.json 的仓库。',
  },
  IMAGE_FAILED: {
    title: '无法读取图像',
    meaning: '文件已损坏，或不是此浏览器认识的图像格式。',
    advice: '请使用 JPEG、PNG 或 WebP。',
  },
  INPUT_EMPTY: {
    title: '没有可显示的内容',
    meaning: '去掉空行后没有文本或图像。',
    advice: '请至少输入或粘贴一句话。',
  },
  INPUT_TOO_LONG: {
    title: '输入过多',
    meaning: '输入超过本设备一次能容纳的量。',
    advice: '请移除一部分；您输入的内容不会丢失。',
  },
  NETWORK: { title: '网络出错', meaning: '有一个文件无法取得。', advice: '请检查网络连接后重试。' },
  NETWORK_LOCKED: {
    title: '网络已锁定',
    meaning: '网络锁拦下了一个无人要求的请求。',
    advice: '只为您需要的下载打开网络锁。',
  },
  DEVICE_LOST: {
    title: '图形设备丢失',
    meaning: '浏览器收回了 GPU：驱动重启，或其他程序需要它。',
    advice: '请重试，或选择 WASM 后端。',
  },
  OUT_OF_MEMORY: {
    title: '内存不足',
    meaning: '浏览器标签页的内存已用尽。',
    advice: '请减少句子、使用更小的权重，或关闭其他标签页。',
  },
  WORKER_CRASHED: {
    title: '后台进程停止',
    meaning: '应用的一个后台部分崩溃，已重新启动。',
    advice: '请重试；您的输入仍在。',
  },
  TIMEOUT: {
    title: '耗时过长',
    meaning: '某个步骤太久没有响应，已被停止。',
    advice: '请重试；若再次发生，请减少输入。',
  },
  QUOTA: {
    title: '本站的存储空间已满',
    meaning: '浏览器不允许本站再存储更多。',
    advice: '请删除已存的模型或结果。',
  },
  CACHE_CORRUPT: {
    title: '已存的结果损坏',
    meaning: '有一项存储内容无法读取，已丢弃。',
    advice: '无需操作：会重新计算。',
  },
  BAD_LINK: {
    title: '链接有误',
    meaning: '地址中有一个值无法识别，已忽略。',
    advice: '请改正该值，或直接继续。',
  },
  BAD_SESSION: {
    title: '无法打开会话文件',
    meaning: '该文件不是本应用的会话，或已损坏。',
    advice: '请选择其他文件。',
  },
  BAD_ARGUMENT: {
    title: '没有这一项',
    meaning: '所要求的层、头、序列、类型或格式不存在。',
    advice: '请使用存在的编号或名称。',
  },
  CANCELLED: {
    title: '已停止',
    meaning: '工作已被您或更新的请求停止。',
    advice: '若仍需要结果，请重新开始。',
  },
  NOT_AVAILABLE: {
    title: '不可用',
    meaning: '此功能在这里不可用：尚未实现，或此浏览器不提供。',
    advice: '请查看详情了解替代办法。',
  },
}
