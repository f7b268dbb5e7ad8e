/** The secrets that this process has learned. They are masked in everything that it prints or writes down for people. */
import { Redactor } from './redactor.ts'

export const known = new Redactor()
