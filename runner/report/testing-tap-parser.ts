/** tap-yaml, which tap-parser loads, takes the timestamps of YAML 1.1 away from everybody in the process. */
import { Parser } from 'tap-parser'
import { Document } from 'yaml'

const timestamp = new Document(null, { schema: 'yaml-1.1' }).schema?.knownTags['tag:yaml.org,2002:timestamp']
if (timestamp === undefined) throw new Error('yaml keeps its known tags elsewhere now')
timestamp.default = true

export { Parser }
