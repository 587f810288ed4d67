// A way round the compiler, in one place.

/// A field that takes no room and has its owner's `deinit` run.
///
/// Without optimisation other modules do not run the `deinit` of a generic noncopyable type whose fields are all trivial
/// once its parameters are known (Swift 6.3.1): a permit that was dropped kept its room, a future its registration. A
/// noncopyable field with a `deinit` of its own is not trivial.
@frozen
@usableFromInline
struct DeinitAnchor: ~Copyable {
  @inlinable @inline(__always)
  init() {}

  @inlinable @inline(__always)
  deinit {}
}
