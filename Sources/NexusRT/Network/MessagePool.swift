// Memory for what an operation with an address keeps for the kernel while its task is suspended.

internal import CURing
internal import Glibc

/// Blocks that are made when there is none to be had and then used again and again, so that in steady state nothing is
/// allocated.
///
/// Sound: a block is its taker's until it is given back, which is after the kernel has completed the operation it is for; and the
/// pool is a field of the reactor, which closes its ring before its fields go. So also what a task that was given up never gave back
/// is freed when the kernel can no longer write to it, and once.
@safe struct MessagePool: ~Copyable {
  private var free: UnsafeMutablePointer<curing_message>?
  private var newest: UnsafeMutablePointer<curing_message>?
  /// How many blocks there are.
  private(set) var made = 0

  init() {}

  deinit {
    var next = unsafe newest
    while let block = unsafe next {
      unsafe next = block.pointee.made_before
      unsafe block.deallocate()
    }
  }

  /// A block for `address`, or, without one, with room for the address that the kernel will write.
  mutating func take(for address: SocketAddress?) -> UnsafeMutablePointer<curing_message> {
    let block = unsafe free ?? make()
    unsafe free = block.pointee.next_free
    if let address {
      unsafe block.pointee.address_length = address.store(to: &block.pointee.address)
    } else {
      unsafe block.pointee.address_length = sockaddrStorageSize
    }
    return unsafe block
  }

  mutating func give(back block: UnsafeMutablePointer<curing_message>) {
    unsafe block.pointee.next_free = free
    unsafe free = block
  }

  private mutating func make() -> UnsafeMutablePointer<curing_message> {
    let block = UnsafeMutablePointer<curing_message>.allocate(capacity: 1)
    unsafe block.initialize(to: curing_message())
    unsafe block.pointee.made_before = newest
    unsafe newest = block
    made += 1
    return unsafe block
  }
}

/// Room for an address of any kind, as the kernel wants to be told.
let sockaddrStorageSize = socklen_t(MemoryLayout<sockaddr_storage>.size)
