/** The secrets that this process has learned. Nothing that it prints or writes down for people shows one of them. */
import { Redactor } from './redactor.ts'

export const known = new Redactor()
