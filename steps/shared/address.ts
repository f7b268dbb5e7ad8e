/** Addresses as plans write them: `HOST:PORT`, filled in only when they are used. */

/** The error in the text of a port. */
export function portFault(port: string): string | undefined {
  if (port === '') return 'the port is missing'
  if (!/^\d+$/.test(port)) return `"${port}" is not a port`
  const number = Number(port)
  return number >= 1 && number <= 65_535 ? undefined : `there is no port ${port}`
}

/**
 * The error in `HOST:PORT`, `PORT`, or `:PORT`; undefined without an error. The port of a service may be left out.
 * Parts that are expressions are checked when they are filled in.
 */
export function addressFault(address: string): string | undefined {
  const plain = address.replace(/\$\{\{.*?\}\}/gs, FILLED_IN)
  if (/^\d+$/.test(plain)) return portFault(plain)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(plain)) return `"${address}" is a URL, and an address is HOST:PORT`
  const [whole, bracketed, name = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(plain) ?? []
  if (whole === undefined) return 'an address is HOST:PORT, and an IPv6 address stands in brackets: [::1]:80'
  const portIs = port === undefined || port.includes(FILLED_IN) ? undefined : portFault(port)
  if (portIs) return portIs
  const host = bracketed === undefined ? name : `[${bracketed}]`
  if (host.includes(FILLED_IN) || (host === '' && port !== undefined)) return undefined
  return !/[\s/?#@\\]/.test(host) && URL.canParse(`http://${host}/`) ? undefined : `"${host}" cannot be a host`
}

/** Stands for an expression, whatever is inside it. */
const FILLED_IN = '\u0001'
