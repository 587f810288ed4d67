// The Go peer: `<program> go <workload> <count>` does the workload with channels and goroutines and prints
// `<ns per operation> <messages> <checksum>`. Benchmarks/README.md says what the workloads are.
// Leaves with status 2 where Go has no such workload.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

// A workload sends the messages 0..<count, each once, and returns what it received.
type workload struct {
	// How many threads run goroutines at a time; 0 is one for each core.
	threads int
	run     func(count uint64) tally
}

// There are no futures here, so nothing to cancel.
var workloads = map[string]workload{
	"pairs":                  {1, pairs},
	"ping-pong":              {1, func(count uint64) tally { return pingPong(1, count) }},
	"rendezvous-ping-pong":   {1, func(count uint64) tally { return pingPong(0, count) }},
	"same-thread-64":         {1, func(count uint64) tally { return fan(1, 1, 64, count) }},
	"thread-to-task-1024":    {2, func(count uint64) tally { return fan(1, 1, 1024, count) }},
	"4-threads-to-task-1024": {0, func(count uint64) tally { return fan(4, 1, 1024, count) }},
	"4-to-4-1024":            {0, func(count uint64) tally { return fan(4, 4, 1024, count) }},
	"select-4-ready":         {1, selectReady},
	"oneshot":                {1, oneShot},
	"spawn-join":             {1, spawnJoin},
	"yield":                  {1, yields},
	"crowd-first":            {1, func(count uint64) tally { return crowd(count, nil) }},
	"crowd-second":           {1, crowdAgain},
	"crowd-bytes":            {1, crowdBytes},
}

// Set by a workload that times itself.
var took time.Duration

func main() {
	if len(os.Args) != 4 {
		usage("three arguments are needed")
	}
	count, err := strconv.ParseUint(os.Args[3], 10, 64)
	// Four goroutines share the messages, and two send them by turns.
	if err != nil || count < 4 || count%4 != 0 {
		usage("the count is a multiple of 4")
	}
	workload, exists := workloads[os.Args[2]]
	if os.Args[1] != "go" || !exists {
		os.Exit(2)
	}
	if workload.threads > 0 {
		runtime.GOMAXPROCS(workload.threads)
	}
	// Warms caches and the allocator up.
	warmUp := count / 32 * 4
	if warmUp < 4 {
		warmUp = 4
	}
	workload.run(warmUp)
	took = 0
	start := time.Now()
	received := workload.run(count)
	if took == 0 {
		took = time.Since(start)
	}
	fmt.Printf("%.3f %d %d\n", float64(took.Nanoseconds())/float64(count), received.messages, received.checksum)
}

func usage(problem string) {
	fmt.Fprintln(os.Stderr, problem+"; usage: peers go <workload> <count>")
	os.Exit(1)
}

// What was received.
type tally struct {
	messages, checksum uint64
}

func (tally *tally) add(message uint64) {
	tally.messages++
	tally.checksum += message
}

func (tally *tally) join(other tally) {
	tally.messages += other.messages
	tally.checksum += other.checksum
}
