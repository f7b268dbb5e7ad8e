import { describeTransport } from './conformance.ts'
import { localTransport } from './local.ts'

describeTransport('local', () => localTransport())
