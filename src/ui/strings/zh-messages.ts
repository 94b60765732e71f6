import { createTranslator, type Messages } from './translate'

/**
 * Sentences that the code says in English, by those words. One that is not here is told by what its error code means, with
 * the English words in the details.
 */
export const zhMessages: Messages = {
  // The address
  'The address says {}={}, which is not {}; it was ignored.': '地址中的 {0}={1} 无效，应为 {2}；已忽略。',
  'builtin:NAME or owner/name': 'builtin:NAME 或 owner/name',
  'a branch, tag or commit': '分支、标签或提交',
  'a file name without .onnx': '不带 .onnx 的文件名',
  'an http(s) address': 'http(s) 地址',
  'the name of a sample set': '示例集的名称',
  'lines of text': '若干行文本',
  'auto or a whole number from 1 to 10000': 'auto 或 1 到 10000 的整数',
  'a head such as L3H9': '注意力头，如 L3H9',
  'the name of a column': '列名',
  'the id of a head figure': '注意力头指标的名称',
  'two numbers such as 0.1..0.5': '两个数，如 0.1..0.5',
  'a whole number from {} to {}': '{0} 到 {1} 的整数',
  'a number from {} to {}': '{0} 到 {1} 的数',
  'The address asks for the projection {}, which is not available yet; it was ignored.':
    '地址要求的投影 {0} 尚不可用；已忽略。',
  'The address asks for the sample set {}, which does not exist; it was ignored.':
    '地址要求的示例集 {0} 不存在；已忽略。',
  'The address was ignored there.': '地址中的这一处已忽略。',
  'There is no head L{} H{}: the model has {} layers of {} heads, counted from 0.':
    '没有 L{0} H{1} 这个头：模型有 {2} 层，每层 {3} 个头，从 0 数起。',
  'There is no sequence {}: there are {}, counted from 0.': '没有序列 {0}：共有 {1} 个，从 0 数起。',
  'There is no token {}: the sequence has {}, counted from 0.': '没有词元 {0}：该序列有 {1} 个，从 0 数起。',

  // Inputs
  'All lines are blank: write something in at least one of them.': '所有行都是空的：请至少在一行中写些内容。',
  'There is no model yet: choose one, or type some text.': '还没有模型：请选择一个，或输入文本。',
  'There is nothing to show yet: add text or images, and a model that takes them.':
    '还没有可显示的内容：请加入文本或图像，以及能处理它们的模型。',
  'This model finds no tokens in the input: write something else, or choose another model.':
    '此模型在输入中找不到词元：请换些内容，或选择其他模型。',
  'The open model takes images, so the text is only kept. Open a text model to see it.':
    '当前模型处理图像，文本仅作保留。打开文本模型即可查看。',
  'Stopped. What was there stays; try again to go on where it ended.': '已停止。已有的内容仍在；重试可从停下处继续。',
  '{} was skipped. {}': '已跳过 {0}。{1}',
  "{} can't be read any more: add it again.": '{0} 已无法读取：请重新加入。',
  "Only the first {} of {} sequences ({} tokens) are shown: more would need over {} of this device's memory. The rest is kept; remove some sequences or choose a smaller model to see it.":
    '只显示 {1} 个序列中的前 {0} 个（{2} 个词元）：再多就会占用本机超过 {3} 的内存。其余已保留；移除一些序列或选择更小的模型即可查看。',
  'One line is a pair of sentences, but this model knows no pairs: each was joined with a space and runs as one text.':
    '有 1 行是句对，但此模型不支持句对：已用空格连成一段文本。',
  '{} lines are pairs of sentences, but this model knows no pairs: each was joined with a space and runs as one text.':
    '有 {0} 行是句对，但此模型不支持句对：各用空格连成一段文本。',
  '{} sequences are longer than the {} tokens that the model takes: {} tokens were left out at the end.':
    '有 {0} 个序列超过模型的 {1} 个词元：末尾略去 {2} 个词元。',
  '“{}” is longer than the {} tokens that the model takes: {} tokens were left out at the end.':
    '“{0}”超过模型的 {1} 个词元：末尾略去 {2} 个词元。',
  'The sample set {} could not be fetched. Check the connection and try again, or write or open other text.':
    '无法取得示例集 {0}。请检查网络连接后重试，或输入、打开其他文本。',
  'The labels of {} could not be read. {}': '无法读取 {0} 的标签。{1}',
  'The tokenizer could not read “{}”: change or remove this line.': '分词器无法读取“{0}”：请修改或删除这一行。',
  'This picture': '此图像',
  'This picture can’t be read any more: add it again.': '此图像已无法读取：请重新加入。',
  '{}: This picture could not be read as a picture: use a JPEG, PNG, WebP, AVIF, GIF or SVG file.':
    '{0} 不能作为图像读取：请用 JPEG、PNG、WebP、AVIF、GIF 或 SVG 文件。',
  '{}: This picture is larger than 64 MB or 80 megapixels: scale it down first.':
    '{0} 过大（超过 64 MB 或 8000 万像素）：请先缩小。',
  '{} is larger than 64 MB or 80 megapixels: scale it down first.': '{0} 过大（超过 64 MB 或 8000 万像素）：请先缩小。',
  'There are no images to label yet: drop, paste or pick some first.': '还没有可标注的图像：请先拖入、粘贴或选择。',
  '{} could not be read as a picture: use a JPEG, PNG, WebP, AVIF, GIF or SVG file.':
    '{0} 不能作为图像读取：请用 JPEG、PNG、WebP、AVIF、GIF 或 SVG 文件。',

  // Models
  "{} was not found: check the spelling. A model that needs a login or an agreement can't be opened from a browser either.":
    '找不到 {0}：请检查拼写。需要登录或同意条款的模型也无法在浏览器中打开。',
  'There is no built-in model named “{}”: choose one of {}.': '没有名为“{0}”的内置模型：可选 {1}。',
  '“{}” is no model: write builtin:NAME or owner/name as on the Hugging Face Hub.':
    '“{0}”不是模型：请写 builtin:NAME，或 Hugging Face Hub 上的 owner/name。',
  'The list of built-in models is missing from this site: the app was not deployed whole.':
    '本站缺少内置模型的列表：应用没有部署完整。',
  '{} has no file {}: choose another weight file.': '{0} 没有文件 {1}：请选择其他权重文件。',
  "{} has no tokenizer.json, so text can't be split into its tokens: choose a model that has one.":
    '{0} 没有 tokenizer.json，无法把文本切成词元：请选择有此文件的模型。',
  '{} could not be reached for the {}: check the connection and try again. A host of your own must let other sites read it (CORS).':
    '无法连上 {0}（{1}）：请检查网络连接后重试。自建主机必须允许其他网站读取（CORS）。',
  'The network lock did not let the request for the {} out to {}: open the model again, which opens the lock for its host.':
    '网络锁没有放行发往 {1} 的请求（{0}）：请重新打开模型，这会为该主机开锁。',
  'The connection ended after {} bytes of the {}: {}.': '连接中断，只收到 {0} 字节（{1}）：{2}。',
  'The connection ended after {} of {} bytes of the {}: {}.': '连接中断，只收到 {0} / {1} 字节（{2}）：{3}。',
  'try again, it goes on from there': '请重试，会从中断处继续',
  'try again': '请重试',
  'The {} arrived damaged (its SHA-256 is not the one that was announced): nothing of it was kept, try again.':
    '收到的内容已损坏（{0}；SHA-256 与公布的不同）：没有保留，请重试。',
  '{} answered {} for the {}: try again later.': '{0} 对请求（{2}）的回应为 {1}：请稍后重试。',
  'The file has {} MB, more than this browser gives a page at once: choose smaller weights (q4 or q8).':
    '文件有 {0} MB，超过此浏览器一次能给网页的量：请选择更小的权重（q4 或 q8）。',
  'The folder “{}” has to be chosen again: after a reload a browser gives no page access to files of this computer.':
    '请重新选择文件夹“{0}”：重新载入后，浏览器不再让网页访问本机文件。',
  'This browser offers no WebGPU here: choose backend=wasm (or auto) instead.':
    '此浏览器在这里不提供 WebGPU：请改选 backend=wasm（或 auto）。',
  'The GPU went away during the work: try again, or choose backend=wasm.':
    'GPU 在工作中丢失：请重试，或选择 backend=wasm。',
  'The runtime could not run this model: try another weight file or backend=wasm.':
    '运行时无法运行此模型：请试试其他权重文件或 backend=wasm。',
  'The weight file is no readable ONNX file: choose another file or model.':
    '权重文件不是可读的 ONNX 文件：请选择其他文件或模型。',
  'The runtime removed queries or keys of this model while it optimised the graph: choose another weight file of the model.':
    '运行时在优化计算图时去掉了此模型的查询或键：请选择该模型的其他权重文件。',
  'This GPU has no half precision: choose dtype=fp32, or backend=wasm.':
    '此 GPU 不支持半精度：请选择 dtype=fp32 或 backend=wasm。',
  'There is not enough memory for this model or input: choose a smaller weight file, or less text.':
    '内存不足以运行此模型或输入：请选择更小的权重文件，或减少文本。',
  'A part of the weights (an external data file) is missing or too short: choose another weight file of the model.':
    '部分权重（外部数据文件）缺失或过短：请选择该模型的其他权重文件。',
  'The model uses an operator that the runtime does not have on this backend: try backend=wasm, or another weight file.':
    '模型用到此后端的运行时没有的算子：请试试 backend=wasm 或其他权重文件。',
  'The model wants an input of another shape or type than this app can give: choose another weight file of the model.':
    '模型所需输入的形状或类型是本应用不能提供的：请选择该模型的其他权重文件。',
  'The model runtime could not be fetched from this site: check the connection and try again.':
    '无法从本站取得模型运行时：请检查网络连接后重试。',
  'The model attends within windows of the image, which is not supported: choose a model whose tokens attend to all others.':
    '此模型只在图像的窗口内计算注意力，不受支持：请选择词元之间都有注意力的模型。',
  'This model takes pictures, not text: choose a text model or give pictures.':
    '此模型处理图像而非文本：请选择文本模型，或给它图像。',
  'This model takes text, not pictures: choose a model for pictures or give text.':
    '此模型处理文本而非图像：请选择图像模型，或给它文本。',
  '{} is no semantic segmentation model: {}.': '{0} 不是语义分割模型：{1}。',
  'Choose one such as Xenova/segformer-b0-finetuned-ade-512-512.':
    '请选择语义分割模型，例如 Xenova/segformer-b0-finetuned-ade-512-512。',
  'This model is no semantic segmentation model: {}.': '此模型不是语义分割模型：{0}。',
  'it does not take a picture alone': '它的输入不只是图像',
  'it gives no scores of classes for each pixel': '它不给出每个像素的类别分数',
  'its config.json has no names of classes (id2label)': '其 config.json 中没有类别名称（id2label）',
  'it scores {} classes, but its config.json (id2label) has no name for class {}':
    '它区分 {0} 个类别，但其 config.json（id2label）没有类别 {1} 的名称',
  'list of built-in models': '内置模型的列表',
  'list of weight files': '权重文件的列表',
  'search for the weight file': '查找权重文件',
  'look at the weight file': '查看权重文件',
  'weights (external data)': '权重（外部数据）',
  'tokenizer configuration': '分词器配置',
  'model runtime': '模型运行时',
  'program code': '程序代码',
  'model configuration': '模型配置',
  'picture settings': '图像预处理设置',
  weights: '权重',
  tokenizer: '分词器',
  redirect: '转址',

  // Work in the background
  'The model gave no sign of life for {} seconds. {}': '模型已有 {0} 秒没有响应。{1}',
  "The model's worker stopped. {}": '模型的后台进程已停止。{0}',
  "The model's worker stopped ({}). {}": '模型的后台进程已停止（{0}）。{1}',
  'The segmentation model’s worker stopped: try again, or with a smaller model.':
    '分割模型的后台进程已停止：请重试，或换用更小的模型。',
  '{}, so the model runs with WASM, on the processor.': '{0}，因此模型改用 WASM 在处理器上运行。',
  'The backend can be chosen again in the model menu.': '可在模型菜单中重新选择后端。',
  'The graphics device was lost twice': '图形设备两次丢失',
  'The graphics device has too little memory for this': '图形设备的内存不足',
  'The memory was not enough for so many sentences or images at a time, so fewer go through the model at once.':
    '内存不足以一次处理这么多句子或图像，因此改为每次少处理一些。',
  'The results are the same; it takes longer.': '结果相同，只是更慢。',
  'It was ended and starts afresh with the next call.': '它已被结束，下次调用时重新启动。',
  'Something failed in the background: {}. Try again; if it stays, report it.':
    '后台有一处失败：{0}。请重试；若仍如此，请报告。',
  'The comparison of heads stopped.': '注意力头的比较已停止。',
  'The comparison of heads stopped ({}).': '注意力头的比较已停止（{0}）。',
  'The comparison of heads gave no answer for {} seconds.': '注意力头的比较已有 {0} 秒没有响应。',
  'Some head figures need the model itself. {}': '有些指标需要模型本身。{0}',
  'The projection {} has no picture in {} dimensions yet: choose dims={}, or another projection.':
    '投影 {0} 没有 {1} 维的图：请选择 dims={2}，或其他投影。',
  'Heads of fewer than {} points are done sooner in WASM.': '少于 {0} 个点的头用 WASM 更快。',
  'This browser offers no WebGPU here.': '此浏览器在这里不提供 WebGPU。',
  'The WebGPU of this browser computes on the processor, where WASM is faster.':
    '此浏览器的 WebGPU 在处理器上计算，用 WASM 更快。',
  'The GPU is faster: {} ms on the GPU, {} ms in WASM for the same neighbours.':
    'GPU 更快：求同样的近邻，GPU 用 {0} ms，WASM 用 {1} ms。',
  'WASM is faster: {} ms on the GPU, {} ms in WASM for the same neighbours.':
    'WASM 更快：求同样的近邻，GPU 用 {0} ms，WASM 用 {1} ms。',

  'This browser has no WebAssembly SIMD, so no model can run here: update it, or use a current Chrome, Edge, Firefox or Safari.':
    '此浏览器没有 WebAssembly SIMD，无法运行模型：请更新浏览器，或使用新版 Chrome、Edge、Firefox 或 Safari。',

  // Storage and session files
  'The browser does not let this page store anything: images will be gone after a reload, and text and settings may be.':
    '浏览器不允许本页存储：重新载入后图像会丢失，文本和设置也可能丢失。',
  'The browser gives no room to store results, so everything works but has to be computed again after a reload. Free some space or leave private browsing to change that.':
    '浏览器没有空间存储结果：一切照常，但重新载入后需重新计算。腾出空间或退出隐私浏览即可改变。',
  'A stored result was damaged, so it was dropped and is computed again.': '一项已存的结果损坏，已丢弃并重新计算。',
  'The session was made with another weight file or backend ({}, {}, SHA-256 {}…) than the model that is open, so its results were put aside and everything is computed here.':
    '会话所用的权重文件或后端（{0}，{1}，SHA-256 {2}…）与当前模型不同，因此搁置其结果，全部在此重新计算。',
  'This is no session file of Attention Atlas: choose one that ends in .atlas.':
    '这不是 Attention Atlas 的会话文件：请选择以 .atlas 结尾的文件。',
  'This is no session file: there is no session.json in it.': '这不是会话文件：其中没有 session.json。',
  'This is no session file, or a damaged one: {}.': '这不是会话文件，或已损坏：{0}。',
  'it holds files that do not belong there': '其中有不该有的文件',
  'it holds the same file twice': '同一文件出现两次',
  'it is compressed, which session files are not': '它经过压缩，而会话文件不压缩',
  'it ends too early or is no zip at all': '它过早结束，或根本不是 zip',
  'This session file is damaged: its checksum differs. Get it again, or open another file.':
    '会话文件已损坏：校验和不符。请重新取得，或打开其他文件。',
  'This session was saved by a newer version of Attention Atlas: open it with that version.':
    '会话由更新版本的 Attention Atlas 保存：请用该版本打开。',
  'The session would be over 1.5 GB: save it without vectors, or with less input.':
    '会话将超过 1.5 GB：请不含向量保存，或减少输入。',
  'This file is over 1.5 GB, more than a session file can have: choose another file.':
    '文件超过 1.5 GB，大于会话文件的上限：请选择其他文件。',
  'No view is drawn yet that a picture could be taken of.': '还没有绘出可供取图的视图。',
  'Something was changed while the file was being written: export again when it is ready.':
    '写文件时内容有变：请在就绪后重新导出。',

  // Patterns of the search
  "The pattern can't be read: {}.": '无法解读此表达式：{0}。',
  'there is a ) without a (': '有 ) 而没有 (',
  '{{},{}} ends before it begins': '{{0},{1}} 的终点早于起点',
  'a repetition is repeated; put the first one into brackets': '重复之上又有重复；请给前一个加括号',
  'there is nothing before {}': '{0} 之前没有内容',
  'look-ahead, look-behind and flags are not supported; write what is to be found itself':
    '不支持前瞻、后顾和标志；请直接写要找的内容',
  'too many brackets inside each other': '括号嵌套过多',
  'a ( is not closed': '有 ( 没有闭合',
  'a [ is not closed': '有 [ 没有闭合',
  'it ends in \\': '它以 \\ 结尾',
  'references back to a group are not supported': '不支持对组的反向引用',
  '{} is not a set of characters': '{0} 不是字符集',
  'it is too long when its repetitions are written out': '展开重复之后过长',
}

export const translate = createTranslator(zhMessages)
