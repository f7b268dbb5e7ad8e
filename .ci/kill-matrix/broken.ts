/** The kill matrix must be able to fail: an undo that does nothing leaves something behind, and that must be seen. */
import { setStage } from './stage.ts'
import { tryOnce } from './trial.ts'

await using stage = await setStage('process', 'broken')
const wrong = await tryOnce(
  stage,
  {
    seed: 0,
    runtime: 'process',
    stack: 'running',
    fault: 'broken',
    window: 'while waiting',
    blow: 'runner killed',
    delay: 50,
  },
  3_000,
)
console.log(wrong === undefined ? 'an undo that does nothing was not noticed' : `noticed: ${wrong}`)
process.exitCode = wrong?.startsWith('files.here.txt') ? 0 : 1
