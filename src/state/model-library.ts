import type { InputKind } from '../core/types'
import type {
  BuiltinModel,
  Inspection,
  LibraryService,
  ModelSpec,
  RequestRecord,
  StorageUse,
  StoredModel,
} from '../rpc/contracts'
import { chooseModel, modelKeys, specOf, type Hosts, type ModelChoice } from './model-choice'
import type { OpenRequest } from './open-request'
import { checkPatch } from './settings'

export type { OpenRequest } from './open-request'
export type {
  BackendReason,
  BuiltinModel,
  ChoiceReason,
  Inspection,
  Preflight,
  StorageUse,
  StoredModel,
  WeightFileChoice,
} from '../rpc/contracts'

/** A model of the Hub that is worth a click. */
export interface Preset {
  id: string
  name: string
  kind: InputKind
  /** Weight file to look at where the repository holds several models. */
  file?: string
  /** The smaller weights, about. */
  bytes: number
}

/** Ids that exist on the Hub with ONNX weights. Exact sizes are asked for before a download. */
export const presets: readonly Preset[] = [
  { id: 'Xenova/bert-base-uncased', name: 'BERT-base', kind: 'text', bytes: 111e6 },
  { id: 'Xenova/gpt2', name: 'GPT-2', kind: 'text', bytes: 127e6 },
  { id: 'Xenova/vit-base-patch16-224', name: 'ViT-B/16', kind: 'image', bytes: 88e6 },
  {
    id: 'Xenova/clip-vit-base-patch32',
    name: 'CLIP ViT-B/32',
    kind: 'image',
    file: 'vision_model',
    bytes: 89e6,
  },
  { id: 'Xenova/all-MiniLM-L6-v2', name: 'MiniLM-L6', kind: 'text', bytes: 23e6 },
  { id: 'Xenova/distilbert-base-uncased', name: 'DistilBERT', kind: 'text', bytes: 67e6 },
  { id: 'onnx-community/ModernBERT-base-ONNX', name: 'ModernBERT-base', kind: 'text', bytes: 150e6 },
  { id: 'onnx-community/Qwen3-0.6B-ONNX', name: 'Qwen3-0.6B', kind: 'text', bytes: 570e6 },
  {
    id: 'onnx-community/dinov2-with-registers-small',
    name: 'DINOv2-S, registers',
    kind: 'image',
    bytes: 24e6,
  },
  { id: 'onnx-community/dinov3-vits16-pretrain-lvd1689m-ONNX', name: 'DINOv3-S/16', kind: 'image', bytes: 22e6 },
]

/** What the model menu can ask for. */
export interface ModelLibraryPort {
  /** Where ids are looked up unless another host is given. */
  readonly host: string
  builtins(): Promise<BuiltinModel[]>
  /** @throws AppError BAD_ARGUMENT for what is no id; rejects with those of ModelLibrary.inspect */
  inspect(request: OpenRequest): Promise<Inspection>
  stored(): Promise<StoredModel[]>
  remove(model: StoredModel): Promise<void>
  storage(): Promise<StorageUse>
  /** Asks the browser not to clear what is stored; false where it does not promise it. */
  persist(): Promise<boolean>
}

interface Parts {
  service: LibraryService
  choice: () => Readonly<ModelChoice>
  hosts: Hosts
  onRequest: (record: RequestRecord) => void
  persist: () => Promise<boolean>
  /** Runs a task that asks a host for something. */
  during: <T>(address: string, task: () => Promise<T>) => Promise<T>
}

/** The library for one page: requests are completed by the settings of the run, as `open` does it. */
export function createLibrary({ service, choice, hosts, onRequest, persist, during }: Parts): ModelLibraryPort {
  return {
    get host() {
      return choice().host ?? hosts.defaultHost
    },
    builtins: () => service.builtins(hosts.builtinHost, onRequest),
    inspect: async (request) => {
      const spec = completeSpec(request, choice(), hosts)
      return during(spec.host, () => service.inspect(spec, onRequest))
    },
    stored: () => service.stored({ builtinHost: hosts.builtinHost }),
    remove: ({ addresses }) => service.remove(addresses),
    storage: () => service.storage(),
    persist: () => persist().catch(() => false),
  }
}

/** What a request means, completed by what is chosen now. @throws AppError BAD_ARGUMENT */
export function completeSpec(request: OpenRequest, choice: Readonly<ModelChoice>, hosts: Hosts): ModelSpec {
  return specOf(chooseModel(choice, checkPatch(request, modelKeys), true), hosts)!
}
