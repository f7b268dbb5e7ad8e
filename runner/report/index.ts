/** Each kind loads its report when it is opened: most commands print none. */
import type { ReporterKind } from '../contracts/events.ts'
import { junit } from './junit.ts'
import { ndjson } from './ndjson.ts'
import { pretty } from './pretty.ts'
import { tap } from './tap.ts'
import { tap13 } from './tap13.ts'

/** The reports that come with the tool; the first is the one for people. */
export const reporterKinds: readonly ReporterKind[] = [pretty, tap, tap13, junit, ndjson]
