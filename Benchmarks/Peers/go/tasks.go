package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Starts a goroutine and waits for its result.
func spawnJoin(count uint64) tally {
	var received tally
	for message := uint64(0); message < count; message++ {
		result := make(chan uint64, 1)
		go func(message uint64) { result <- message }(message)
		received.add(<-result)
	}
	return received
}

// Two goroutines that yield to each other.
func yields(count uint64) tally {
	tallies := make(chan tally)
	for side := uint64(0); side < 2; side++ {
		go func(first uint64) {
			var passed tally
			for message := first; message < count; message += 2 {
				runtime.Gosched()
				passed.add(message)
			}
			tallies <- passed
		}(side)
	}
	passed := <-tallies
	passed.join(<-tallies)
	return passed
}

// Starts goroutines that wait at a gate, opens it when the last one does, and takes their results.
func crowd(count uint64, whenAllWait func()) tally {
	gate := make(chan struct{})
	results := make([]uint64, count)
	var arriving, leaving sync.WaitGroup
	arriving.Add(int(count))
	leaving.Add(int(count))
	for message := uint64(0); message < count; message++ {
		go func(message uint64) {
			arriving.Done()
			<-gate
			results[message] = message
			leaving.Done()
		}(message)
	}
	arriving.Wait()
	if whenAllWait != nil {
		whenAllWait()
	}
	close(gate)
	leaving.Wait()
	var received tally
	for _, message := range results {
		received.add(message)
	}
	return received
}

func crowdAgain(count uint64) tally {
	crowd(count, nil)
	start := time.Now()
	received := crowd(count, nil)
	took = time.Since(start)
	return received
}

// What the crowd takes while all of it waits: bytes in place of ns.
func crowdBytes(count uint64) tally {
	before := residentBytes()
	received := crowd(count, func() { took = time.Duration(residentBytes() - before) })
	return received
}

func residentBytes() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return pages * 4096
}
