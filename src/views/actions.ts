/** The composition root reads these beside `App.svelte`. */
export type { AppActions, CreateScene, RequestLine, SettingsPatch, ThemeChoice } from '../ui/actions'
