import { file } from './file.ts'
import { fingerprint } from './fingerprint.ts'
import { http } from './http.ts'
import { logs } from './logs.ts'
import { run } from './run.ts'
import { service } from './service.ts'
import { sql } from './sql.ts'
import { tcp } from './tcp.ts'
import { value } from './value.ts'

/** What can be read of a target. */
export const probeKinds = [http, run, service, logs, file, tcp, sql, fingerprint, value]
