import type { SearchOptions } from '../core/search'
import type { HeadRef, Sequence } from '../core/types'
import type { UserColumn } from '../core/user-column'
import { encodingOf } from '../encodings'
import { labelEncoding } from '../encodings/label'
import { buildTokenTable, pointOf, roleOf, tokenOf } from '../encodings/tokens'
import type { Encoding, EncodingContext, PaletteId, Role, Shade } from '../encodings/types'
import { userEncoding } from '../encodings/user'
import type { ExplorerView, SelectionView } from '../state/api'
import { browserClock } from '../state/browser-ports'
import { formatOf } from '../tables/read-table'
import type { SampleSet } from './samples'
import { t, type Language } from './strings'
import type { AppActions, SettingsPatch, ThemeChoice } from './actions'
import { neighbourInOrder } from './arrange'
import { ArrangementState } from './arrangement.svelte'
import { AttentionState } from './attention-state.svelte'
import { fromPicker, isModel, nameModel, readDrop, sessionAmong, type GivenFile } from './dropped-files'
import { groupOf, headGroups } from './head-groups'
import { formatHead, isSameHead, neighbourOf } from './head-name'
import { sortFiles } from './images/check-image'
import { LeftDrafts } from './left-drafts.svelte'
import { LegendState } from './legend-state.svelte'
import { ImagesState } from './images/images-state.svelte'
import { TokenAttentionState } from './token-attention.svelte'
import { SearchState } from './search-state.svelte'
import { isByteLevel, showToken } from './show-token'
import { SpeechState } from './speech-state.svelte'
import { TableState } from './table-state.svelte'
import type { Say } from './tell'
import { largestTextBytes, readTextBytes, splitLines } from './text-lines'

/** Moving over the points of a head by keys. */
export interface PointWalk {
  /** Begins or ends. */
  toggle(): void
  readonly isOn: boolean
  /** Goes to the next point in a direction; with `extend` it is taken into the selection. */
  move(direction: 'left' | 'right' | 'up' | 'down', extend: boolean): void
  /** Takes the point into the selection, or out of it. */
  take(): void
  pin(): void
}

/** What all views of one page share: derived once, and the panels that are open. */
export class AtlasView {
  readonly explorer: ExplorerView
  readonly selection: SelectionView
  readonly actions: AppActions
  readonly attention: AttentionState
  readonly images: ImagesState
  readonly search: SearchState
  readonly tokenAttention: TokenAttentionState
  readonly speech = new SpeechState({ pause: browserClock.pause, now: () => performance.now() })
  readonly tables = new TableState(browserClock.pause)
  readonly legend: LegendState
  private readonly beforeSearch: (run?: string) => void
  /** Order, filter and tint of the matrix. */
  readonly arrangement: ArrangementState

  theme: ThemeChoice = $state('auto')
  systemDark: boolean = $state(false)
  labels: boolean = $state(true)
  textOpen: boolean = $state(false)
  helpOpen: boolean = $state(false)
  /** Why the last file or text could not be shown; null where it could. */
  textProblem: Say | null = $state.raw(null)
  /** The text as it stands in the editor; never replaced while it differs from what is shown. */
  draft: string = $state('')
  /** Grows when the search box is asked for. */
  searchCalls: number = $state(0)
  /** Grows when requests were made that the run does not tell of. */
  requestCount: number = $state(0)
  /** The keys move over the points of the opened head instead of over heads; set by who draws them. */
  walk: PointWalk | null = $state.raw(null)
  /** Grows when the camera should go back to where it started. */
  resetCount: number = $state(0)

  readonly table = $derived.by(() => buildTokenTable(this.explorer.sequences))
  readonly byteLevel = $derived.by(() => isByteLevel(this.explorer.sequences))
  /** Columns that the user brought along, as colours; none where images are open. */
  readonly columnEncodings: readonly Encoding[] = $derived.by(() =>
    this.explorer.model?.kind === 'image' ? [] : this.explorer.columns.map(userEncoding),
  )
  /** Labels of patches, where there are any. */
  readonly labelEncoding: Encoding = $derived.by(() => labelEncoding(this.explorer.sequences))
  readonly encoding: Encoding = $derived.by(() => {
    const { color, column } = this.explorer
    if (color === 'pos') return this.speech.encoding
    if (color === 'label') return this.labelEncoding
    if (color !== 'user') return encodingOf(color)
    return this.columnEncodings.find(({ name }) => name === column) ?? this.columnEncodings[0] ?? encodingOf('user')
  })
  readonly shade: Shade = $derived.by(() => {
    if (this.theme === 'auto') return this.systemDark ? 'dark' : 'light'
    return this.theme
  })
  /** Attention follows from the vectors; otherwise the model has to be asked, so that only one head is. */
  readonly isAttentionCheap = $derived.by(() => this.explorer.model?.verified === 'exact')
  readonly tokensLeftOut: number = $derived.by(() =>
    this.explorer.sequences.reduce((sum, { truncated }) => sum + truncated, 0),
  )
  /** Lines that did not fit into memory; known when the run is through. */
  readonly linesLeftOut: number = $derived.by(() => {
    const { status, model, texts, sequences } = this.explorer
    return status === 'ready' && model?.kind === 'text' ? Math.max(0, texts.length - sequences.length) : 0
  })
  readonly isMatrix = $derived.by(() => this.selection.view === 'matrix')
  readonly layers = $derived.by(() => this.explorer.model?.layers ?? 0)
  readonly heads = $derived.by(() => this.explorer.model?.heads ?? 0)
  /** The sequence that stands out, if any. */
  readonly pinnedSequence: number | null = $derived.by(() => {
    const { sequence } = this.selection
    return sequence !== null && sequence < this.explorer.sequences.length ? sequence : null
  })
  /** The pinned point of the head, −1 where nothing is pinned. */
  readonly pinnedPoint: number = $derived.by(() => {
    const { token, role } = this.selection
    if (this.pinnedSequence === null || token === null) return -1
    return pointOf(this.table, this.pinnedSequence, token, role)
  })

  /** Text that closed tabs left unshown. */
  readonly leftDrafts: LeftDrafts

  constructor(explorer: ExplorerView, selection: SelectionView, actions: AppActions) {
    this.explorer = explorer
    this.selection = selection
    this.actions = actions
    this.theme = actions.theme
    this.draft = actions.drafts?.ofTab ?? ''
    this.followTexts(explorer.texts)
    this.leftDrafts = new LeftDrafts(actions.drafts ?? null, {
      unshown: () => (this.unshown === null ? null : this.draft),
      write: (text) => (this.draft = text),
    })
    void this.leftDrafts.load()
    this.attention = new AttentionState(explorer)
    this.images = new ImagesState(explorer, actions, browserClock.pause, undefined, () => this.requestCount++)
    this.search = new SearchState(explorer, {
      show: (text) => this.show(text),
      pinnedRow: () => (this.pinnedPoint < 0 ? -1 : this.pinnedPoint % Math.max(1, this.table.n)),
      clustering: actions.clustering,
    })
    this.tokenAttention = new TokenAttentionState(explorer, {
      pause: browserClock.pause,
      now: () => performance.now(),
    })
    this.beforeSearch = selection.include({
      read: () => ({ text: explorer.search, options: explorer.searchOptions }),
      write: (state) => this.putSearchBack(state as { text: string; options: SearchOptions }),
    })
    this.legend = new LegendState(selection, {
      encoding: () => this.encoding,
      context: () => {
        if (this.encoding.scope === 'token') return this.contextOf(null)
        void [explorer.version, this.tokenAttention.version]
        return this.isMatrix ? null : this.contextOf(selection.head)
      },
      sharedContext: () => this.contextOf(null),
    })
    this.arrangement = new ArrangementState(explorer, this.search, selection, actions.arrangement)
  }

  /** Layers and heads are counted from it on the screen. */
  get base(): 0 | 1 {
    return this.actions.base ?? 0
  }

  get palette(): PaletteId {
    return this.actions.palette ?? 'default'
  }

  /** What a colour is called. */
  colorName = ({ id, name }: Encoding): string => name ?? t.colors[id]?.name ?? id

  /** What colours of a head rest on; without a head what all heads share. */
  contextOf(head: HeadRef | null): EncodingContext {
    const { needs } = this.encoding
    return {
      table: this.table,
      norms: head && needs === 'norms' ? this.explorer.norms(head) : null,
      matches: this.search.mask,
      attention: head && needs === 'attention' ? this.tokenAttention.of(head) : null,
    }
  }

  private putSearchBack({ text, options }: { text: string; options: SearchOptions }): void {
    const { search, searchOptions } = this.explorer
    if (text === search && options === searchOptions) return
    const { match, caseSensitive, firstOnly } = options
    this.actions.set({ search: text, match, case: caseSensitive ? 1 : 0, first: firstOnly ? 1 : 0 })
  }

  /** Searches as a step that can be undone; what is typed without a pause is one. */
  find(patch: Pick<SettingsPatch, 'search' | 'match' | 'case' | 'first'>, isTyped = false): void {
    this.beforeSearch(isTyped ? 'search' : undefined)
    this.actions.set(patch)
  }

  /** A head's name as the user counts. */
  nameOf = (head: HeadRef): string => formatHead(head, this.base)

  /** Heads that share keys; null where each has its own. */
  readonly groups = $derived.by(() => headGroups(this.explorer.model))

  /** A head's name where it stands alone: with the keys that it shares. */
  tileNameOf(head: HeadRef): string {
    const { groups } = this
    return groups
      ? `${this.nameOf(head)} · ${t.heads.keyGroup(groupOf(groups, head.head) + this.base)}`
      : this.nameOf(head)
  }

  show = (text: string): string => showToken(text, this.byteLevel)

  /** The token of a point as people read it. */
  showPoint = (point: number): string => this.show(tokenOf(this.table, point)?.text ?? '')

  sequenceAt(index: number | null): Sequence | null {
    return index === null ? null : (this.explorer.sequences[index] ?? null)
  }

  openHead(head: HeadRef): void {
    this.selection.head = head
    if (this.selection.view === 'matrix') this.selection.view = this.pinnedSequence === null ? 'head' : 'sequence'
    this.selection.hover = null
  }

  /** The head beside the one that the keys are on: as the matrix lies, or by layer and head in the single view. */
  neighbourHead(direction: 'left' | 'right' | 'up' | 'down'): HeadRef | null {
    const { head } = this.selection
    const { order } = this.arrangement
    if (!this.isMatrix || !order) return neighbourOf(head, direction, this.layers, this.heads)
    const index = neighbourInOrder(order, this.heads, head.layer * this.heads + head.head, direction)
    return index < 0 ? null : { layer: Math.floor(index / this.heads), head: index % this.heads }
  }

  showMatrix(): void {
    this.selection.view = 'matrix'
    this.selection.hover = null
  }

  /** Pins a token; pinning the pinned one lets it go. */
  pin(sequence: number, token: number, role: Role): void {
    const { selection } = this
    if (selection.sequence === sequence && selection.token === token && selection.role === role) {
      selection.token = null
      return
    }
    selection.sequence = sequence
    selection.token = token
    selection.role = role
    if (selection.view === 'head') selection.view = 'sequence'
  }

  pinPoint(point: number): void {
    const { table } = this
    this.pin(table.sequenceOf[point] ?? 0, table.positionOf[point] ?? 0, roleOf(table, point))
  }

  /** Pins the next match of the search (1), or the one before (−1). */
  showMatch(direction: 1 | -1): void {
    const row = this.search.stepFrom(direction)
    if (row < 0) return
    const { selection, table } = this
    selection.sequence = table.sequenceOf[row] ?? null
    selection.token = table.positionOf[row] ?? null
    if (selection.view === 'head') selection.view = 'sequence'
  }

  openSequence(sequence: number): void {
    if (this.selection.sequence !== sequence) this.selection.token = null
    this.selection.sequence = sequence
    this.selection.view = 'sequence'
  }

  clearPin(): void {
    this.selection.token = null
    this.selection.sequence = null
    if (this.selection.view === 'sequence') this.selection.view = 'head'
  }

  /** Esc: one step back at a time. */
  stepBack(): void {
    if (this.helpOpen) this.helpOpen = false
    else if (this.textOpen && this.tables.file) this.tables.close()
    else if (this.textOpen) this.textOpen = false
    else if (this.images.open) this.images.open = false
    else if (this.walk?.isOn) this.walk.toggle()
    else if (this.selection.points) this.selection.points = null
    else if (this.selection.token !== null || this.selection.sequence !== null) this.clearPin()
    else if (this.selection.view !== 'matrix') this.showMatrix()
    else if (this.explorer.search !== '') this.find({ search: '' })
    else if (this.legend.isActive) this.legend.clear()
    else if (this.arrangement.isActive) this.arrangement.reset()
  }

  /** Text differs from what is shown. */
  readonly isDraftChanged: boolean = $derived.by(() => {
    const { lines } = splitLines(this.draft)
    const { texts } = this.explorer
    return lines.length !== texts.length || lines.some((line, index) => line !== texts[index])
  })

  /** Called when the run's texts changed from outside (restored, a link, a script): the editor follows unless it holds other text. */
  followTexts(texts: readonly string[]): void {
    const before = this.followed
    this.followed = texts.join('\n')
    if (this.draft === before || this.draft.trim() === '') this.draft = this.followed
  }

  private followed = ''

  showDraft(): void {
    const { lines } = splitLines(this.draft)
    this.followed = lines.join('\n')
    this.clearPin()
    this.actions.setTexts(lines)
  }

  /** Lines that were typed and not shown yet; null: there are none. */
  private get unshown(): readonly string[] | null {
    return this.isDraftChanged && this.draft.trim() !== '' ? splitLines(this.draft).lines : null
  }

  /** Shows other text; what the user wrote can be brought back. */
  replaceText(lines: readonly string[], options: { columns?: readonly UserColumn[]; isSample?: boolean } = {}): void {
    const { unshown } = this
    this.draft = this.followed = lines.join('\n')
    this.clearPin()
    this.actions.replaceTexts?.(lines, { ...options, unshown })
  }

  bringBackText(): void {
    const { keptTexts } = this.explorer
    if (!keptTexts) return
    const { unshown } = this
    this.draft = this.followed = keptTexts.join('\n')
    this.clearPin()
    this.actions.bringBackTexts?.(unshown)
  }

  /** Shows the chosen columns of the table that is open. */
  showTable(): void {
    const { chosen } = this.tables
    if (!chosen) return
    this.replaceText(chosen.lines, { columns: chosen.columns })
    this.tables.close()
  }

  /** What stands in the editor as a table. */
  async readDraftAsTable(): Promise<void> {
    const name = t.text.table.pasted
    const problem = await this.tables.open(name, this.draft, this.draft.includes('\t') ? 'tsv' : 'csv')
    this.textProblem = problem ? () => t.text.table.problems[problem](name) : null
  }

  /** Dropped or pasted files of any kind: a session is opened, images go to the images, the rest to the editor. */
  takeFiles(files: ArrayLike<File>): void {
    const session = sessionAmong(fromPicker(files))
    if (session) return void this.openSession(session)
    const { images, texts } = sortFiles(Array.from(files))
    if (images.length > 0 && texts.length === 0) this.textOpen = false
    void this.takeSorted(images, texts)
  }

  /** Tables of labels are told from tables of texts once the images that they mean are there. */
  private async takeSorted(images: readonly File[], texts: readonly File[]): Promise<void> {
    if (images.length > 0) await this.images.add(images)
    const others = this.explorer.images.length > 0 ? await this.images.takeTables(texts) : texts
    if (others.length > 0) await this.readFiles(others)
  }

  async openSession(file: File): Promise<void> {
    await this.actions.session?.open(file)
  }

  /** Opens a model of this computer. */
  openGiven(given: readonly GivenFile[]): void {
    const { name, files } = nameModel(given)
    this.actions.openFolder?.(name, files)
  }

  /** What was dropped: a model where there are weights in it, otherwise images and text. */
  async takeDrop(transfer: DataTransfer): Promise<void> {
    const given = await readDrop(transfer)
    if (isModel(given)) this.openGiven(given)
    else this.takeFiles(given.map(({ file }) => file))
  }

  /** Text of dropped or picked files into the editor, and shown; what is no text is named and changes nothing. */
  async readFiles(files: Iterable<File> | ArrayLike<File> | null): Promise<void> {
    const texts: string[] = []
    let problem: Say | null = null
    let hasTable = false
    this.textOpen = true
    this.tables.close()
    for (const file of Array.from(files ?? [])) {
      const bytes = file.size > largestTextBytes ? null : new Uint8Array(await file.arrayBuffer())
      const answer = bytes ? readTextBytes(bytes) : ({ ok: false, why: 'big' } as const)
      const format = formatOf(file.name)
      if (!answer.ok) problem = () => t.text.problems[answer.why](file.name)
      else if (!format) texts.push(answer.text)
      else if (hasTable) problem = () => t.text.table.one
      else {
        const why = await this.tables.open(file.name, answer.text, format)
        if (why) problem = () => t.text.table.problems[why](file.name)
        else hasTable = true
      }
    }
    this.textProblem = problem
    if (texts.length > 0) this.replaceText(texts.flatMap((text) => splitLines(text).lines))
  }

  /** Shows a sample set, unless something else was shown while it was fetched. */
  async showSamples(sample: SampleSet): Promise<void> {
    const { texts, images } = this.explorer
    try {
      const lines = await sample.load()
      if (texts !== this.explorer.texts || images !== this.explorer.images) return
      this.textProblem = null
      this.tables.close()
      this.replaceText(lines, { isSample: true })
    } catch {
      this.textOpen = true
      this.textProblem = () => t.text.samplesMissing
    }
  }

  setTheme(theme: ThemeChoice): void {
    this.theme = theme
    this.actions.set({ theme })
  }

  get language(): Language {
    return this.actions.lang ?? 'en'
  }

  /** Point under the pointer in the opened head, −1 where none is. */
  readonly hoveredPoint: number = $derived.by(() => {
    const { hover, head, view } = this.selection
    return view !== 'matrix' && hover && isSameHead(hover.head, head) ? hover.point : -1
  })
}
