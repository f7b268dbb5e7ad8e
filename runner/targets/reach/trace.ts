/** In the order they come. `asking`: the request is under way, and no byte of an answer has come. */
export type Stage = 'locating' | 'resolving' | 'connecting' | 'securing' | 'asking' | 'answering'

/** How far an attempt has come: it decides what its failure shows. */
export class Trace {
  stage: Stage = 'locating'
  /** The peer has sent something in this stage. */
  heard: () => boolean = () => false

  enter(stage: Stage, heard: () => boolean = () => false): void {
    this.stage = stage
    this.heard = heard
  }
}
