/** What stays in Latin letters in a Chinese text: names of things, formats, keys, symbols, units, ids. */
const properNames = new Set(
  (
    'Attention Atlas AttentionViz DINOv2 Abnar Zuidema Rec Mardia Spearman Transformer Hugging Face Hub NumPy Python JavaScript compromise ' +
    'PCA UMAP umap-js t-SNE QK CLS SEP GPT mod ln GPU WebGPU WebGL WebAssembly SIMD WASM ONNX CORS UTF-8 SHA-256 GPT-2 ' +
    'ADE20K Pascal VOC English NPZ JPEG PNG WebP AVIF GIF SVG HEIC CSV JSON MB GB ms px foreignObject Chrome Edge Firefox Safari ' +
    'Enter Esc Shift Alt Ctrl image row col label color cat mask png jpg ing nk txt csv tsv json onnx atlas session config tokenizer zip ' +
    'builtin NAME owner name auto backend wasm dtype dims id2label Xenova segformer-b0-finetuned-ade-512-512 fp fp32 q8 q4 L3H9 L3 H9 http'
  ).split(' '),
)
/** Words in Latin letters that are no such name; `L3` and `H9` name layers and heads. */
export const latinWords = (text: string): string[] =>
  (text.match(/[A-Za-z][A-Za-z0-9-]+/g) ?? []).filter((word) => !properNames.has(word) && !/^[LH]\d+$/.test(word))
