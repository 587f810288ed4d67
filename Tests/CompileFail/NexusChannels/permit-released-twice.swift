// expect-error: 'permit' consumed more than once
// A permit is given back once.
import NexusChannels

func releasesTwice(_ permit: consuming Semaphore.Permit) {
  permit.release()
  permit.release()
}
