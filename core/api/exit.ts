/** @internal What `exitActor` throws to leave the method that calls it. */
export class ActorExit extends Error {
  constructor() {
    super('the actor ends')
  }
}
