import { TargetError } from '../../../contracts/errors.ts'

/** The daemon said no. `status` is that of HTTP: 404 gone, 409 in the wrong state. */
export class EngineError extends TargetError {
  readonly status: number
  constructor(status: number, message: string) {
    super(`Docker: ${message}`, { transient: status !== 400 })
    this.status = status
  }
}
