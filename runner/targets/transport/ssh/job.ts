import type { ClientChannel } from 'ssh2'
import type { Cut } from '../../../contracts/transport.ts'
import type { SshSettings } from './settings.ts'

export interface Outcome {
  readonly code: number
  readonly signalled: boolean
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** The outputs of which there was more than could be kept on the host. */
  readonly cut?: Cut
  /** Processes of its group go on, or of a session of their own that hold its outputs. */
  readonly left?: 'group' | 'elsewhere' | undefined
}

/** A command that is under way on the host. */
export interface Job {
  /** Its process group; undefined when it ended without having begun. */
  readonly group: Promise<number | undefined>
  /** Throws a TargetError when the connection is cut before. */
  readonly outcome: Promise<Outcome>
  /** Ends its whole process group: TERM, and KILL after 0.2 s. */
  stop(): Promise<void>
}

/** Channels of a host, each with a command of the login shell. */
export interface Sessions {
  readonly settings: SshSettings
  session(command: string): Promise<ClientChannel>
}
