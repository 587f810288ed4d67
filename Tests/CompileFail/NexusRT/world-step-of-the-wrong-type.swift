// expect-error: requires the types 'Int' and 'String' be equivalent
// The steps of a pipeline fit together, or it does not compile.
import NexusRT

func use(_ handler: Handler<String, Void, Never>) {
  _ = Pipeline(of: Int.self).then(handler)
}
