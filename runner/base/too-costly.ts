/** Looking at a value was given up, since it kept everything else waiting: the check is untaken. The message says why. */
export class TooCostly extends Error {}
