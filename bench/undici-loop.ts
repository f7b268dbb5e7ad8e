/** The same requests with nothing around them. */
import { Pool } from 'undici/index.js'

const [url = '', count = '1000'] = process.argv.slice(2)
const pool = new Pool(new URL(url).origin)
for (let request = 0; request < Number(count); request++) {
  const { body } = await pool.request({ method: 'GET', path: '/' })
  await body.json()
}
await pool.close()
