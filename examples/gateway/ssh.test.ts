/** The plans that run on processes of this machine run on processes of a host as they are. */
import { expect } from 'bun:test'
import { testSsh } from '../../runner/targets/transport/ssh/testing.ts'
import { runPlansOverSsh } from '../testing.ts'

testSsh(
  'plans/*.yaml pass on processes of a host over SSH',
  async () => {
    const ran = await runPlansOverSsh(['plans', '--target', 'demo-ssh', '--workers', '3'])
    expect(ran).toEqual({ passed: 3, wrong: '', left: [] })
  },
  120_000,
)
