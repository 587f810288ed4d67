// A way round the compiler, in one place.

/// A field that takes no room and has its owner's `deinit` run.
///
/// Without optimisation other modules do not run the `deinit` of a generic noncopyable type whose fields are all trivial
/// (Swift 6.3.1): a slot that was dropped kept its element. A noncopyable field with a `deinit` of its own is not trivial.
@frozen
@usableFromInline
struct DeinitAnchor: ~Copyable {
  @inlinable @inline(__always)
  init() {}

  @inlinable @inline(__always)
  deinit {}
}
