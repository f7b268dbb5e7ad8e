/** Addresses that a network fault of a machine names, told from names of services. Node's `net` would cost `lint` its start. */

/** `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`, or a name with a dot such as `api.example.com`. */
export function isAddress(text: string): boolean {
  return familyOf(text) !== undefined || /^(?=.*[a-z])[a-z\d-]+(\.[a-z\d-]+)+\.?$/i.test(text)
}

/** Of an address or a network in digits; undefined for anything else. */
export function familyOf(text: string): 4 | 6 | undefined {
  const [, address = '', bits = '0'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  if (FOUR.test(address)) return Number(bits) <= 32 ? 4 : undefined
  return /^(?=.*:.*:)[\da-f:]+$/i.test(address) && Number(bits) <= 128 ? 6 : undefined
}

const FOUR = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/
