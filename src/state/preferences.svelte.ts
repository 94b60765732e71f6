/** Taste of the user: how things look, never what they are. */
export class Preferences {
  theme = $state<'light' | 'dark' | 'auto'>('auto')
  palette = $state<'default' | 'paper' | 'contrast'>('default')
  lang = $state<'en' | 'zh'>('en')
  /** 1: layers and heads are counted from 1 on the screen. */
  base = $state<0 | 1>(0)
}
