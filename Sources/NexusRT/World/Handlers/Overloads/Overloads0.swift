// World.handler for functions that change none of their resources. Written by Scripts/handler-overloads.sh.

extension World {
  /// Makes a handler of a function or closure: looks its resources up, once.
  ///
  /// The function takes an event, then the resources that it changes, `inout`, then those it reads; up to eight in
  /// all. Which they are follows from their types:
  ///
  /// ```swift
  /// func onFill(_ fill: Fill, _ book: inout Book, _ risk: inout Risk, _ limits: Limits, _ audit: Audit?) { ... }
  /// let handler = try world.handler(onFill)
  /// ```
  ///
  /// An optional parameter of a copyable type is nil while the world has no value of that type. `inout Audit?` is the place itself:
  /// to assign nil removes the value, to assign a value inserts one.
  ///
  /// - Parameter context: A value for the handler to own: the parameter of that type gets it, and not a resource of
  ///   the world. Leave it out if there is none.
  /// - Throws: `ResolutionError` if two parameters are the same resource and one of them is `inout`, if the world has
  ///   no value for a parameter, or if no parameter takes the context. It names the parameters.
  /// - Complexity: O(number of resources); about 0.35 us. To make many handlers of one function copy one, or
  ///   stamp them from a template (`template(of:)`).
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function: @escaping (borrowing Event) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([], context) { event, _, _ throws(Failure) in
      try function(event)
    }
  }

  /// As above, for 0 resources to change and 1 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function: @escaping (borrowing Event, borrowing A) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([.read(A.self)], context) { event, at, _ throws(Failure) in
      unsafe try function(event, at.at(0, A.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 2 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, Output: ~Copyable,
    Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function: @escaping (borrowing Event, borrowing A, borrowing B) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([.read(A.self), .read(B.self)], context) { event, at, _ throws(Failure) in
      unsafe try function(event, at.at(0, A.self).pointee, at.at(1, B.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 3 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable,
    Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function: @escaping (borrowing Event, borrowing A, borrowing B, borrowing C) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([.read(A.self), .read(B.self), .read(C.self)], context) { event, at, _ throws(Failure) in
      unsafe try function(event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 4 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, borrowing A, borrowing B, borrowing C, borrowing D) throws(Failure) ->
      Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([.read(A.self), .read(B.self), .read(C.self), .read(D.self)], context) {
      event, at, _ throws(Failure) in
      unsafe try function(
        event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee,
        at.at(3, D.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 5 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (borrowing Event, borrowing A, borrowing B, borrowing C, borrowing D, borrowing E)
      throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind([.read(A.self), .read(B.self), .read(C.self), .read(D.self), .read(E.self)], context) {
      event, at, _ throws(Failure) in
      unsafe try function(
        event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee,
        at.at(3, D.self).pointee, at.at(4, E.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 6 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (
        borrowing Event, borrowing A, borrowing B, borrowing C, borrowing D, borrowing E, borrowing F
      ) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [.read(A.self), .read(B.self), .read(C.self), .read(D.self), .read(E.self), .read(F.self)], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee,
        at.at(3, D.self).pointee, at.at(4, E.self).pointee, at.at(5, F.self).pointee)
    }
  }

  /// As above, for 0 resources to change and 7 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (
        borrowing Event, borrowing A, borrowing B, borrowing C, borrowing D, borrowing E, borrowing F,
        borrowing G
      ) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .read(A.self), .read(B.self), .read(C.self), .read(D.self), .read(E.self), .read(F.self),
        .read(G.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee,
        at.at(3, D.self).pointee, at.at(4, E.self).pointee, at.at(5, F.self).pointee, at.at(6, G.self).pointee
      )
    }
  }

  /// As above, for 0 resources to change and 8 to read.
  @inlinable @inline(__always)
  public mutating func handler<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable,
    E: ~Copyable, F: ~Copyable, G: ~Copyable, H: ~Copyable, Output: ~Copyable, Failure: Error
  >(
    owning context: consuming Context = NoContext(),
    _ function:
      @escaping (
        borrowing Event, borrowing A, borrowing B, borrowing C, borrowing D, borrowing E, borrowing F,
        borrowing G, borrowing H
      ) throws(Failure) -> Output
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    try bind(
      [
        .read(A.self), .read(B.self), .read(C.self), .read(D.self), .read(E.self), .read(F.self),
        .read(G.self), .read(H.self),
      ], context
    ) { event, at, _ throws(Failure) in
      unsafe try function(
        event, at.at(0, A.self).pointee, at.at(1, B.self).pointee, at.at(2, C.self).pointee,
        at.at(3, D.self).pointee, at.at(4, E.self).pointee, at.at(5, F.self).pointee,
        at.at(6, G.self).pointee, at.at(7, H.self).pointee)
    }
  }

}
