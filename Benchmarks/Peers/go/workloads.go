package main

import "sync"

// Sends and receives that would rather fail than wait, as try_send and try_recv do.
func pairs(count uint64) tally {
	channel := make(chan uint64, 64)
	var received tally
	for message := uint64(0); message < count; message++ {
		select {
		case channel <- message:
		default:
			panic("no room")
		}
		select {
		case message := <-channel:
			received.add(message)
		default:
			panic("no message")
		}
	}
	return received
}

func pingPong(capacity int, count uint64) tally {
	ping := make(chan uint64, capacity)
	pong := make(chan uint64, capacity)
	answered := make(chan tally)
	go func() {
		var received tally
		for message := range ping {
			received.add(message)
			pong <- message + 1
		}
		answered <- received
	}()
	var received tally
	for message := uint64(0); message < count; message += 2 {
		ping <- message
		received.add(<-pong)
	}
	close(ping)
	received.join(<-answered)
	return received
}

// Senders that share the messages, and receivers that end with the channel.
func fan(senders, receivers uint64, capacity int, count uint64) tally {
	channel := make(chan uint64, capacity)
	var sending sync.WaitGroup
	sending.Add(int(senders))
	share := count / senders
	for sender := uint64(0); sender < senders; sender++ {
		go func(first uint64) {
			for message := first; message < first+share; message++ {
				channel <- message
			}
			sending.Done()
		}(sender * share)
	}
	tallies := make(chan tally)
	for receiver := uint64(0); receiver < receivers; receiver++ {
		go func() {
			var received tally
			for message := range channel {
				received.add(message)
			}
			tallies <- received
		}()
	}
	sending.Wait()
	close(channel)
	var received tally
	for receiver := uint64(0); receiver < receivers; receiver++ {
		received.join(<-tallies)
	}
	return received
}

func selectReady(count uint64) tally {
	a, b, c, d := make(chan uint64, 64), make(chan uint64, 64), make(chan uint64, 64), make(chan uint64, 64)
	a <- 0
	b <- 1
	c <- 2
	d <- 3
	var received tally
	for next := uint64(4); next < count+4; next++ {
		var message uint64
		var from chan uint64
		select {
		case message = <-a:
			from = a
		case message = <-b:
			from = b
		case message = <-c:
			from = c
		case message = <-d:
			from = d
		}
		received.add(message)
		if next < count {
			from <- next
		}
	}
	return received
}

func oneShot(count uint64) tally {
	var received tally
	for message := uint64(0); message < count; message++ {
		channel := make(chan uint64, 1)
		channel <- message
		received.add(<-channel)
	}
	return received
}
