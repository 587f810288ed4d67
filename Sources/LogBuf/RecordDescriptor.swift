// How one record lies in the ring. Every record starts at a multiple of eight and never crosses the ring's end:
//
//     0               8                                     8 + count      extent
//     +---------------+-------------------------------------+-------------+
//     |  length word  |  payload, `count` bytes             |  padding    |
//     +---------------+-------------------------------------+-------------+
//
// The length word is stored last and says what became of the region behind it:
//
//     0            not committed yet, or free: the reader stops here
//     1 ... limit  a record of that many payload bytes
//     sign bit     a skip: the other 63 bits are its extent, length word included, and no payload is in it
//
// Skips fill what cannot hold a record: the rest of the ring before a record that starts over at the front, the
// region of a claim that was dropped, and what a shortened record did not use.

/// The encoding of a length word and the arithmetic of a record's size.
@frozen
@usableFromInline
enum _Record {
  /// The bytes of a length word, and the alignment of every record.
  @inlinable static var lengthWordBytes: Int { 8 }

  /// Where the payload starts, counted from the record's start. A multiple of eight like the start itself.
  @inlinable static var payloadOffset: Int { lengthWordBytes }

  /// The length word of a region nobody has committed.
  @inlinable static var uncommitted: Int { 0 }

  /// The bytes a record of `count` payload bytes takes up.
  ///
  /// The sum cannot overflow: a `count` comes here only after it was checked against the ring's limit, below 2^40.
  @inlinable
  static func extent(of count: Int) -> Int {
    (lengthWordBytes &+ count &+ (lengthWordBytes &- 1)) & ~(lengthWordBytes &- 1)
  }

  /// The length word that makes the reader pass over `extent` bytes.
  @inlinable
  static func skip(extent: Int) -> Int {
    assert(extent >= lengthWordBytes && extent % lengthWordBytes == 0)
    return extent | Int.min
  }

  /// Whether a length word that is not zero marks a skip.
  @inlinable
  static func isSkip(_ word: Int) -> Bool { word < 0 }

  /// The extent that a skip's length word carries.
  @inlinable
  static func skipExtent(_ word: Int) -> Int { word & Int.max }
}
