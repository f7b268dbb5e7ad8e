import { applyConfig } from './apply-config.ts'
import { assert } from './assert.ts'
import { assertJsonpath } from './assert-jsonpath.ts'
import { collect } from './collect.ts'
import { group } from './group.ts'
import { hold } from './hold.ts'
import { http } from './http.ts'
import { injectFault } from './inject-fault.ts'
import { restore } from './restore.ts'
import { run } from './run.ts'
import { service } from './service.ts'
import { sleep } from './sleep.ts'
import { use } from './use.ts'
import { waitFor } from './wait-for.ts'

/** What a plan can do. */
export const stepKinds = [
  applyConfig,
  waitFor,
  hold,
  injectFault,
  restore,
  assertJsonpath,
  assert,
  run,
  http,
  service,
  collect,
  group,
  use,
  sleep,
]
