/** Tells when the device has finished a frame, without waiting for it. */
export class FrameFence {
  private sync: WebGLSync | null = null

  constructor(private readonly context: WebGL2RenderingContext) {}

  /** To be called after the commands of a frame. */
  set(): void {
    this.clear()
    this.sync = this.context.fenceSync(this.context.SYNC_GPU_COMMANDS_COMPLETE, 0)
    this.context.flush()
  }

  get isPending(): boolean {
    const { context, sync } = this
    if (!sync || context.isContextLost()) return false
    return context.getSyncParameter(sync, context.SYNC_STATUS) !== context.SIGNALED
  }

  clear(): void {
    if (this.sync && !this.context.isContextLost()) this.context.deleteSync(this.sync)
    this.sync = null
  }
}
