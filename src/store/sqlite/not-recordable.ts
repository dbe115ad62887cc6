/** Thrown inside a command that asks for what the store must not hold: its own failure, no other's. */
export class NotRecordable extends Error {}
