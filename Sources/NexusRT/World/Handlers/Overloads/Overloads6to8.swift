// World.handler for functions that change six to eight of their resources. Written by Scripts/handler-overloads.sh.

extension World {
  /// As above, for 6 resources to change and 0 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F) throws(Failure) ->
      Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [.write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self)],
      context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee)
    }
  }

  /// As above, for 6 resources to change and 1 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F, borrowing G)
      throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self),
        .read(G.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee,
        at.at(6, G.self).pointee)
    }
  }

  /// As above, for 6 resources to change and 2 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, H: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (
        borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F, borrowing G, borrowing H
      ) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self),
        .read(G.self), .read(H.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee,
        at.at(6, G.self).pointee, at.at(7, H.self).pointee)
    }
  }

  /// As above, for 7 resources to change and 0 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F, inout G)
      throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self),
        .write(G.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee,
        &at.at(6, G.self).pointee)
    }
  }

  /// As above, for 7 resources to change and 1 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, H: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F, inout G, borrowing H)
      throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self),
        .write(G.self), .read(H.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee,
        &at.at(6, G.self).pointee, at.at(7, H.self).pointee)
    }
  }

  /// As above, for 8 resources to change and 0 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, H: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, inout A, inout B, inout C, inout D, inout E, inout F, inout G, inout H)
      throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .write(A.self), .write(B.self), .write(C.self), .write(D.self), .write(E.self), .write(F.self),
        .write(G.self), .write(H.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, &at.at(0, A.self).pointee, &at.at(1, B.self).pointee, &at.at(2, C.self).pointee,
        &at.at(3, D.self).pointee, &at.at(4, E.self).pointee, &at.at(5, F.self).pointee,
        &at.at(6, G.self).pointee, &at.at(7, H.self).pointee)
    }
  }

}
